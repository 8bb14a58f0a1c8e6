/** Beyond so many the oldest half is let go, so that what nobody names any more is not held for good. */
const MOST_RECENT = 4_096;

/**
 * One copy of each text, and of each list of texts, that many entities have. It remembers those seen of late; two copies of
 * one that was not cost memory and nothing else.
 */
export class SharedStrings {
  readonly #most: number;
  #texts = new Map<string, string>();
  #olderTexts = new Map<string, string>();
  #lists = new Map<string, readonly string[]>();
  #olderLists = new Map<string, readonly string[]>();

  /** @param most how many to remember; while a whole snapshot is read, all of them */
  constructor(most: number = MOST_RECENT) {
    this.#most = most / 2;
  }

  one(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size >= this.#most) {
      this.#olderTexts = this.#texts;
      this.#texts = new Map();
    }
    const copy = this.#olderTexts.get(text) ?? text;
    this.#texts.set(copy, copy);
    return copy;
  }

  list(texts: readonly string[]): readonly string[] {
    if (texts.length === 0) return NONE;
    // no text of the link holds a NUL that another list could be mistaken by: lengths stand before
    const key = texts.map((text) => `${text.length}:${text}`).join("");
    const known = this.#lists.get(key);
    if (known !== undefined) return known;
    if (this.#lists.size >= this.#most) {
      this.#olderLists = this.#lists;
      this.#lists = new Map();
    }
    const copy = this.#olderLists.get(key) ?? Object.freeze(texts.map((text) => this.one(text)));
    this.#lists.set(key, copy);
    return copy;
  }
}

const NONE: readonly string[] = Object.freeze([]);
