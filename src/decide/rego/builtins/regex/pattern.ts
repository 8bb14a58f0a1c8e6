/** One regular expression: on RE2's own automaton, or on the platform's engine where that is proven to do the same. */
import { RE2JS, RE2JSException } from "re2js";
import { DataError } from "../data-error.ts";
import { platformPattern } from "./platform-pattern.ts";

/** States that a pattern may compile to: what each character of a text may cost. */
const LARGEST_PROGRAM = 100_000;

export type Match = readonly (readonly [start: number, end: number] | undefined)[];

export class Pattern {
  readonly #compiled: RE2JS;
  readonly #platform: RegExp | undefined;
  readonly source: string;
  /** @throws DataError for a text that is no pattern, or too large a one */
  constructor(source: string) {
    if (/\(\?<?[=!]/.test(source.replace(/\\[\s\S]/g, "")))
      throw new DataError("error parsing regexp: invalid or unsupported Perl syntax");
    this.source = source;
    this.#compiled = compile(source);
    if (this.#compiled.programSize() > LARGEST_PROGRAM)
      throw new DataError("error parsing regexp: expression too large");
    this.#platform = platformPattern(source);
  }
  test(text: string): boolean {
    return this.#platform?.test(text) ?? this.#compiled.matcher(text).find();
  }
  /** The leftmost match from there on, with its groups. */
  at(text: string, from: number): Match | undefined {
    const matcher = this.#compiled.matcher(text);
    if (!matcher.find(from)) return undefined;
    const groups: (readonly [number, number] | undefined)[] = [];
    for (let group = 0; group <= matcher.groupCount(); group++) {
      const start = matcher.start(group);
      groups.push(start < 0 ? undefined : [start, matcher.end(group)]);
    }
    return groups;
  }
  /** A group's number by its name. */
  named(name: string): number | undefined {
    return (this.#compiled.namedGroups() as Record<string, number>)[name];
  }
}

function compile(source: string): RE2JS {
  try {
    return RE2JS.compile(source);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    throw new DataError(`error parsing regexp: ${error.message.replace(/^error parsing regexp: /, "")}`);
  }
}
