/** `rego.parse_module` (OPA policy reference, "Rego"). */
import { moduleValue } from "../1-parse/ast-json.ts";
import { parseModule } from "../1-parse/index.ts";
import { Source } from "../source.ts";
import { failure, type Implementations, stringOperand } from "./builtin.ts";

const NAME = "rego.parse_module";

export const MODULES: Implementations = {
  [NAME]: (evaluation, file, text) => {
    const source = new Source(stringOperand(NAME, 1, file), stringOperand(NAME, 2, text));
    evaluation.charge(source.text.length);
    const { module, findings } = parseModule(source, { dialect: "v1", annotations: false });
    if (module !== undefined) return moduleValue(module);
    const lines = findings.map(({ line, code, message }) => `${source.file}:${line}: ${code}: ${message}`);
    const [first = ""] = lines;
    if (lines.length === 1) throw failure(NAME, `1 error occurred: ${first}`);
    throw failure(NAME, `${lines.length} errors occurred:\n${lines.join("\n")}`);
  },
};
