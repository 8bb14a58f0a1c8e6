/** One measured number. `peer` names what it is compared with, and `ratio` is ours to theirs. */
export interface Measurement {
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
  readonly peer?: string;
  readonly ratio?: number;
}

export interface Bench {
  readonly name: string;
  readonly purpose: string;
  run(): Promise<readonly Measurement[]>;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const high = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? Number.NaN) + high) / 2;
}

/** To `digits` digits after the point: no more than a measurement is good for. */
export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
