/** Query parameters as they are: text, each at most once. */
export function fromQuery(query: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(query));
}

/** The query of a URL with its `?`; what is absent or empty is left out. */
export function toQuery(search: Record<string, unknown>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(search))
    if (typeof value === "string" && value !== "") query.set(name, value);
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}

/** Keeps of a query the parameters that a page knows. */
export function only<const Names extends readonly string[]>(
  ...names: Names
): (search: Record<string, unknown>) => { [name in Names[number]]?: string | undefined } {
  return (search) => {
    const kept: { [name in Names[number]]?: string | undefined } = {};
    for (const name of names as readonly Names[number][]) {
      const value = search[name];
      if (typeof value === "string" && value !== "") kept[name] = value;
    }
    return kept;
  };
}
