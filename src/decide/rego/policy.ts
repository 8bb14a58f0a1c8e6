/** The door for those who embed the engine: compile once, evaluate often. */
import type { Program } from "./2-resolve/program.ts";
import { type CompileOptions, Compiler } from "./compiler.ts";
import { PreparedPolicy } from "./prepared-policy.ts";
import { type RegoTest, testsOf } from "./tests.ts";
import type { PlainObject } from "./values/index.ts";

/**
 * Compiles modules, given as text by file name, over base documents.
 * @throws SourceError with every finding of the first phase that failed
 */
export function compile(
  modules: { readonly [file: string]: string },
  data: PlainObject = {},
  options: CompileOptions = {},
): Policy {
  return new Policy(new Compiler(modules, options), data);
}

/** A prepared policy that has its compiler at hand: whatever is asked for and was not compiled yet is compiled then. */
export class Policy extends PreparedPolicy {
  readonly program: Program;
  constructor(compiler: Compiler, data: PlainObject) {
    super(compiler, data);
    this.program = compiler.program;
  }

  /** The tests that the modules hold, in the order of their text. */
  tests(): readonly RegoTest[] {
    return testsOf(this.program.modules);
  }
}
