/** HTML that is safe to put into a page. Only the `html` template makes it. */
export class Html {
  readonly #text: string;
  private constructor(text: string) {
    this.#text = text;
  }
  toString(): string {
    return this.#text;
  }
  /** Only the template below calls this: its strings are the program's own, and its values were escaped. */
  static fromTemplate(strings: TemplateStringsArray, values: readonly HtmlValue[]): Html {
    let text = strings[0] ?? "";
    for (const [index, value] of values.entries()) text += render(value) + (strings[index + 1] ?? "");
    return new Html(text);
  }
}

/** What may stand in a template: text and numbers are escaped, `Html` is not, lists are joined, absent and `false` are nothing. */
export type HtmlValue = string | number | Html | undefined | false | readonly HtmlValue[];

/**
 * Template for HTML. Every value is escaped for text and for quoted attribute values (HTML Living Standard
 * §13.1.2.3); a value must never stand in an unquoted attribute, a tag name, a script or a style.
 */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return Html.fromTemplate(strings, values);
}

const ENTITIES: { readonly [character: string]: string } = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function render(value: HtmlValue): string {
  if (value === undefined || value === false) return "";
  if (value instanceof Html) return value.toString();
  if (typeof value === "object") return value.map(render).join("");
  return String(value).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
