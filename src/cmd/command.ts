import type { ExitCode } from "./terminal/exit-codes.ts";
import type { World } from "./world.ts";

/** A flag of a command: a switch, one value, or a value that may be given several times. */
export interface Flag {
  readonly kind: "switch" | "value" | "list";
  /** What stands for the value in help, such as `DIR`. */
  readonly value?: string;
  readonly short?: string;
  readonly choices?: readonly string[];
  readonly what: string;
  /** For Postern's own use: works, but help does not show it. */
  readonly internal?: boolean;
}
export interface FlagTable {
  readonly [name: string]: Flag;
}
type ValueOf<K extends Flag["kind"]> = K extends "switch"
  ? true
  : K extends "list"
    ? readonly string[]
    : string;
export type FlagValues<F extends FlagTable> = { readonly [K in keyof F]?: ValueOf<F[K]["kind"]> };

/** A word that a command takes, by position. */
export interface Argument {
  readonly name: string;
  readonly what: string;
  readonly optional?: boolean;
  readonly many?: boolean;
}

export interface Example {
  readonly command: string;
  readonly what: string;
}

/** What was asked of a command, after its line was understood. */
export interface Call<F extends FlagTable = FlagTable> {
  readonly flags: FlagValues<F>;
  readonly words: readonly string[];
  readonly json: boolean;
}

/** One command: its words, its flags, what help says about it, and what it does. */
export interface Command<F extends FlagTable = FlagTable> {
  /** As it is typed, such as `app add`. */
  readonly name: string;
  readonly details?: string;
  readonly arguments: readonly Argument[];
  readonly flags: F;
  readonly examples: readonly [Example, ...Example[]];
  run(call: Call<F>, world: World): Promise<ExitCode>;
}

/** Says a command with its flags' types inferred. */
export function defineCommand<const F extends FlagTable>(command: Command<F>): Command {
  return command;
}

/** The flag of every command that talks to a running instance. */
export const DATA_FLAG: {
  readonly data: { readonly kind: "value"; readonly value: "DIR"; readonly what: string };
} = {
  data: {
    kind: "value",
    value: "DIR",
    what: "the data folder of the instance (POSTERN_DATA; by default ~/.local/share/postern)",
  },
};

/** The flags that every command takes. */
export const COMMON_FLAGS: FlagTable = {
  json: { kind: "switch", what: "print JSON, for programs" },
  help: { kind: "switch", short: "h", what: "show this help" },
};
