// breaks: no promise floats, and none is taken for its outcome
async function allowed(): Promise<boolean> {
  return await Promise.resolve(false);
}

export function floating(): void {
  allowed();
}

export function misused(): string {
  return allowed() ? "open" : "closed";
}
