import { FACTS } from "./table.ts";

/** The table of facts as a Markdown table, for the documentation of the language. */
export function factsMarkdown(): string {
  const rows = FACTS.map((fact) => {
    const range = fact.range === undefined ? "" : `, ${fact.range.least} to ${fact.range.most}`;
    const unit =
      fact.unit === undefined || fact.unit === "points" || fact.unit === "hour of the day"
        ? ""
        : `, ${fact.unit}`;
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
