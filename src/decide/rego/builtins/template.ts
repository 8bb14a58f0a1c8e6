/** `strings.render_template`: Go's text/template over a document (OPA policy reference, "Strings"). */
import { isObject, parseValue, stringify } from "../values/index.ts";
import { type Implementations, objectOperand, stringOperand } from "./builtin.ts";
import { joined } from "./byte-text.ts";
import { reading } from "./data-error.ts";
import { executeTemplates } from "./go-template/execute.ts";
import { FUNCTION_NAMES } from "./go-template/functions.ts";
import { parseTemplates } from "./go-template/parser.ts";

const NAME = "strings.render_template";

export const TEMPLATE: Implementations = {
  [NAME]: reading(NAME, (evaluation, template, document) => {
    const source = stringOperand(NAME, 1, template);
    const data = parseValue(stringify(objectOperand(NAME, 2, document)));
    const templates = evaluation.cache.get("template", source, () => parseTemplates(source, FUNCTION_NAMES));
    const text = executeTemplates(evaluation, source, templates, isObject(data) ? data : {});
    // OPA's word for what is not there, wherever it comes from.
    return joined(text.replaceAll("<no value>", "<undefined>"));
  }),
};
