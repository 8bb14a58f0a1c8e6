import { createContext, type ReactNode, useContext, useEffect, useState } from "react";

/** Tells the time in milliseconds since the Unix epoch. */
export type Now = () => number;

const Tick = createContext<number>(0);

/** Gives all that is shown the same moment, anew every 15 seconds. */
export function ClockProvider({ now, children }: { readonly now: Now; readonly children: ReactNode }) {
  const [time, setTime] = useState(now);
  useEffect(() => {
    const timer = setInterval(() => setTime(now()), 15_000);
    return () => clearInterval(timer);
  }, [now]);
  return <Tick value={time}>{children}</Tick>;
}

/** The moment that the page shows. */
export function useNow(): number {
  return useContext(Tick);
}
