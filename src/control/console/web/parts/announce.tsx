import { createContext, type ReactNode, useCallback, useContext, useState } from "react";

const Announce = createContext<(text: string) => void>(() => undefined);

/** Holds the one live region by which results are said to those who do not see them. */
export function AnnounceProvider({ children }: { readonly children: ReactNode }) {
  const [said, setSaid] = useState({ text: "", count: 0 });
  const announce = useCallback((text: string) => setSaid(({ count }) => ({ text, count: count + 1 })), []);
  return (
    <Announce value={announce}>
      {children}
      <div className="visually-hidden" role="status">
        {/* the same words again are said again */}
        <span key={said.count}>{said.text}</span>
      </div>
    </Announce>
  );
}

/** Says a result aloud without moving anything. */
export function useAnnounce(): (text: string) => void {
  return useContext(Announce);
}
