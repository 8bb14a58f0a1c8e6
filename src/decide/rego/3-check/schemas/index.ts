import type { ResolvedRule } from "../../2-resolve/program.ts";
import type { Documents } from "../environment.ts";
import { ANY, type Type } from "../types.ts";
export class Schemas {
  readonly input: Type = ANY;
  documentsOf(_rule: ResolvedRule, base: Documents): Documents {
    return base;
  }
}
