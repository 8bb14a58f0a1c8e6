/**
 * How many collections one evaluation may compare. Values that share their parts (`a1 := [a0, a0]`, sixty times) are small to
 * hold and endless to go through.
 */
const LIMIT = 20_000_000;

let left = Infinity;

/** From here on until `endEffort` comparing is bounded. */
export function beginEffort(): void {
  left = LIMIT;
}

export function endEffort(): void {
  left = Infinity;
}

/** @throws RangeError beyond what an evaluation may compare */
export function spend(): void {
  if (--left < 0) throw new RangeError("too much to compare");
}
