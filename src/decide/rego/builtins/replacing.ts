/** Texts with parts of them replaced, as Go's bytes: an empty text is found between any two bytes. */
import type { Evaluation } from "./builtin.ts";
import { bytesOfText, joined, textOfBytes } from "./byte-text.ts";
import { isAscii } from "./code-points.ts";

/** Results up to this length cost nothing; beyond it, they cost steps before they are made, lest they outgrow all memory. */
const FREE_LENGTH = 1_000_000;

/** Charges for a text of this length. @throws EvaluationError when the budget is used up */
export function chargeForLength(evaluation: Evaluation, length: number): void {
  if (length > FREE_LENGTH) evaluation.charge(Math.ceil(length / 50));
}

/** Each byte as a text of its own. */
function bytewise(text: string): string {
  if (isAscii(text)) return text;
  let result = "";
  for (const byte of bytesOfText(text))
    result += byte < 0x80 ? String.fromCharCode(byte) : textOfBytes(Buffer.of(byte));
  return result;
}

export function replaceAll(evaluation: Evaluation, text: string, from: string, to: string): string {
  if (from === "") {
    const bytes = bytewise(text);
    chargeForLength(evaluation, bytes.length * (to.length + 1));
    return joined(to + bytes.replace(/./gs, (byte) => byte + to));
  }
  if (!text.includes(from)) return text;
  const parts = text.split(from);
  chargeForLength(evaluation, parts.length * to.length);
  return joined(parts.join(to));
}

/** Replaces with all pairs at once: at each place the first pair, in order, that fits. */
export function replaceMany(
  evaluation: Evaluation,
  text: string,
  pairs: readonly (readonly [string, string])[],
): string {
  // An empty text is found everywhere, and then another one may be found at the same place.
  const everywhere = pairs.find(([from]) => from === "")?.[1];
  const whole = everywhere === undefined ? text : bytewise(text);
  const searched = pairs
    .filter(([from]) => from !== "")
    .map(([from, to]): readonly [string, string] => [everywhere === undefined ? from : bytewise(from), to]);
  const longest = pairs.reduce((length, [, to]) => Math.max(length, to.length), 0);
  chargeForLength(evaluation, whole.length * Math.max(longest, pairs.length));
  let result = "";
  for (let at = 0; at <= whole.length; at++) {
    if (everywhere !== undefined) result += everywhere;
    const pair = searched.find(([from]) => whole.startsWith(from, at));
    if (pair === undefined) result += whole.charAt(at);
    else {
      result += pair[1];
      at += pair[0].length - 1;
    }
  }
  return joined(result);
}
