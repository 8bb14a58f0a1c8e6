/**
 * The look: what every page of Postern shares, wherever it is rendered. The design tokens, a template that
 * escapes, and the stand-alone page that an enforcement point answers with (the closed door, an error).
 * It has no script, so that it works in the strictest browser and under the strictest policy.
 */
export * from "./html.ts";
export * from "./page.ts";
export * from "./parts.ts";
export * from "./tokens.ts";
