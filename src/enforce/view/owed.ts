/** Why an entity is not as control says. */
interface Debt {
  readonly kind: string;
  readonly key: string;
  readonly why: string;
}

/**
 * What control has sent and is not in force here, and why. While there is any, the view is not fresh. A debt is settled
 * by a later change of the same entity that can be applied, or by a snapshot.
 */
export class Owed {
  readonly #debts = new Map<string, Debt>();

  owe(debt: Debt): void {
    this.#debts.set(nameOf(debt.kind, debt.key), debt);
  }

  settle(kind: string, key: string): void {
    this.#debts.delete(nameOf(kind, key));
  }

  get none(): boolean {
    return this.#debts.size === 0;
  }

  /** The oldest, and how many more there are. */
  reason(): string | undefined {
    const [first] = this.#debts.values();
    if (first === undefined) return undefined;
    const others = this.#debts.size - 1;
    return others === 0 ? first.why : `${first.why}; and ${others} more`;
  }
}

function nameOf(kind: string, key: string): string {
  return `${kind} ${key}`;
}
