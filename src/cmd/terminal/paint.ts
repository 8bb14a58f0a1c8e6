import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** Colours text, or leaves it as it is where nobody would see the colour. */
export interface Paint {
  readonly strong: (text: string) => string;
  readonly quiet: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warn: (text: string) => string;
}

export function paint(colour: boolean): Paint {
  const as =
    (style: Style) =>
    (text: string): string =>
      colour ? styleText(style, text, { validateStream: false }) : text;
  return { strong: as("bold"), quiet: as("dim"), good: as("green"), bad: as("red"), warn: as("yellow") };
}

/** An outcome by word and glyph, and only then by colour. */
export function outcome(effect: "allow" | "deny" | "step_up", colours: Paint): string {
  const words = {
    allow: colours.good("✓ allowed"),
    deny: colours.bad("✕ denied"),
    step_up: colours.warn("↑ step up"),
  };
  return words[effect];
}
