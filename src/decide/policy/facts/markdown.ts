import { FACTS } from "./table.ts";

/** Units that the type or the range says already. */
const UNSAID: ReadonlySet<string> = new Set(["points", "hour of the day", "nanoseconds since 1970"]);

/** The table of facts as a Markdown table, for the documentation of the language. */
export function factsMarkdown(): string {
  const rows = FACTS.map((fact) => {
    const range = fact.range === undefined ? "" : `, ${fact.range.least} to ${fact.range.most}`;
    const unit = fact.unit === undefined || UNSAID.has(fact.unit) ? "" : `, ${fact.unit}`;
    const values =
      fact.values === undefined || fact.type === "classification" ? "" : `: ${fact.values.join(", ")}`;
    const cells = [
      `\`${fact.name}\``,
      `${fact.type}${range}${unit}${values}`,
      fact.description,
      fact.source,
      fact.whenAbsent,
    ];
    return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  });
  return ["| fact | type | what it is | who says so | absent |", "|---|---|---|---|---|", ...rows].join("\n");
}
