import { exactTime, relativeTime } from "../text/time.ts";
import { useNow } from "./clock.tsx";

/** A moment, as long ago; the exact time on hover and for machines. */
export function Time({ at }: { readonly at: number }) {
  const now = useNow();
  return (
    <time dateTime={new Date(at).toISOString()} title={exactTime(at)} className="time">
      {relativeTime(at, now)}
    </time>
  );
}
