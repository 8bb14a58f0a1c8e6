/** A moment as people read it: the local date and time to the second. */
export function moment(ms: number): string {
  const at = new Date(ms);
  const two = (n: number): string => String(n).padStart(2, "0");
  return (
    `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ` +
    `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
  );
}

const STEPS: readonly { readonly ms: number; readonly name: string }[] = [
  { ms: 86_400_000, name: "day" },
  { ms: 3_600_000, name: "hour" },
  { ms: 60_000, name: "minute" },
  { ms: 1_000, name: "second" },
];

/** A length of time in its largest whole unit, such as `15 minutes`. */
export function duration(ms: number): string {
  for (const { ms: unit, name } of STEPS) {
    const count = Math.round(ms / unit);
    if (count >= 1) return `${count} ${name}${count === 1 ? "" : "s"}`;
  }
  return "a moment";
}

/** How long ago `then` was, seen from `now`. */
export function ago(then: number, now: number): string {
  return now - then < 1_000 ? "just now" : `${duration(now - then)} ago`;
}
