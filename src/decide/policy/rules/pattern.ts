import { RE2JS, RE2JSException } from "re2js";

const LONGEST_PATTERN = 1_000;
/** States of the compiled program: what a request's text may cost for each of its characters. */
const LARGEST_PROGRAM = 2_000;

/**
 * Compiles a pattern of `MATCHES` (RE2 syntax). It takes linear time whatever the pattern, matches the whole text, since half a
 * match has opened many doors, and `.` stands for line breaks too, so that one in a header hides nothing.
 */
export function compilePattern(
  pattern: string,
): { readonly matches: (text: string) => boolean } | { readonly message: string; readonly hint?: string } {
  if (pattern.length > LONGEST_PATTERN)
    return { message: `this pattern is longer than ${LONGEST_PATTERN} characters` };
  try {
    const compiled = RE2JS.compile(pattern, RE2JS.DOTALL);
    if (compiled.programSize() > LARGEST_PROGRAM)
      return { message: "this pattern is too large", hint: "use smaller repeat counts" };
    return { matches: (text) => compiled.matches(text) };
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    const message = `this pattern cannot be read: ${error.message.replace(/^error parsing regexp: /, "").replace("(?s)", "")}`;
    return /\(\?[=!<]|\\[1-9]/.test(pattern)
      ? { message, hint: "look-around and back-references are not read: they take more than linear time" }
      : { message };
  }
}
