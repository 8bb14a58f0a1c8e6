import assert from "node:assert/strict";
import { test } from "node:test";
import { DARK, LIGHT, type Palette, TOKENS_CSS } from "./index.ts";

type Rgb = readonly [number, number, number];

/** sRGB to linear light (WCAG 2.2, "relative luminance"). */
function linear(hex: string): Rgb {
  const part = (at: number): number => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [part(1), part(3), part(5)];
}

function luminance([r, g, b]: Rgb): number {
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** WCAG 2.2 contrast ratio. */
function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(linear(a)), luminance(linear(b))].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

/** What a dichromat sees, in linear light (Viénot, Brettel and Mollon 1999). */
const DICHROMATS: { readonly [name: string]: (c: Rgb) => Rgb } = {
  protan: ([r, g, b]) => {
    const y = 0.11238 * r + 0.88762 * g;
    return [y, y, 0.00401 * r - 0.00401 * g + b];
  },
  deutan: ([r, g, b]) => {
    const y = 0.29275 * r + 0.70725 * g;
    return [y, y, -0.02234 * r + 0.02234 * g + b];
  },
};

/** CIE 1976 L*a*b* under D65. */
function lab([r, g, b]: Rgb): Rgb {
  const f = (t: number): number => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047);
  const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

function difference(a: Rgb, b: Rgb): number {
  const [l1, a1, b1] = lab(a);
  const [l2, a2, b2] = lab(b);
  return Math.hypot(l1 - l2, a1 - a2, b1 - b2);
}

const GROUNDS = ["surface", "surface-raised", "surface-sunken"] as const;
const OUTCOMES = ["allow", "deny", "step-up", "unknown"] as const;
const SCHEMES: readonly (readonly [string, Palette])[] = [
  ["light", LIGHT],
  ["dark", DARK],
];

for (const [scheme, palette] of SCHEMES) {
  test(`${scheme}: text is at least 4.5:1 on everything it stands on`, () => {
    const pairs: (readonly [keyof Palette, keyof Palette])[] = [
      ["accent-text", "accent"],
      ["accent-text", "accent-hover"],
      ["text", "accent-soft"],
      ["accent", "accent-soft"],
    ];
    for (const ground of GROUNDS)
      for (const text of ["text", "muted", "accent", "accent-hover", ...OUTCOMES] as const)
        pairs.push([text, ground]);
    for (const outcome of OUTCOMES) {
      pairs.push([outcome, `${outcome}-soft`]);
      pairs.push(["text", `${outcome}-soft`]);
    }
    for (const [text, ground] of pairs) {
      const ratio = contrast(palette[text], palette[ground]);
      assert.ok(ratio >= 4.5, `${text} on ${ground} is ${ratio.toFixed(2)}:1`);
    }
  });

  test(`${scheme}: edges that must be found are at least 3:1`, () => {
    for (const ground of GROUNDS) {
      const ratio = contrast(palette["line-strong"], palette[ground]);
      assert.ok(ratio >= 3, `line-strong on ${ground} is ${ratio.toFixed(2)}:1`);
    }
  });

  test(`${scheme}: outcomes are told apart by people who see red and green alike`, () => {
    for (const [kind, see] of Object.entries(DICHROMATS))
      for (const [a, b] of [
        ["allow", "deny"],
        ["allow", "step-up"],
        ["deny", "step-up"],
        ["deny", "unknown"],
        ["step-up", "unknown"],
      ] as const) {
        const apart = difference(see(linear(palette[a])), see(linear(palette[b])));
        assert.ok(apart >= 12, `${a} and ${b} are ${apart.toFixed(1)} apart to a ${kind} eye`);
      }
  });
}

test("both schemes have every colour, and the text has both", () => {
  assert.deepEqual(Object.keys(LIGHT), Object.keys(DARK));
  for (const [name, value] of Object.entries(DARK))
    assert.ok(TOKENS_CSS.includes(`--${name}:${value};`), name);
});
