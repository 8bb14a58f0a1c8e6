import { ApiError } from "../api/client.ts";

/** What is wrong with a form: at its fields, and else with the whole of it. */
export interface FieldErrors {
  readonly fields: { readonly [name: string]: string };
  readonly form?: unknown;
}

/**
 * Puts the API's problem at the field that it names: in a diagnostic's code, as the first word of its text, or,
 * when something by that name exists already, at the field that `conflict` names.
 */
export function fieldErrors(error: unknown, names: readonly string[], conflict: string): FieldErrors {
  if (!(error instanceof ApiError)) return { fields: {}, form: error };
  const { code, title, detail, remedy, diagnostics = [] } = error.problem;
  const said = detail ?? title;
  const fields: Record<string, string> = {};
  for (const { message, hint } of diagnostics) {
    const name = names.find((candidate) => isAbout(message, candidate));
    if (name !== undefined) fields[name] = join(message, hint);
  }
  if (Object.keys(fields).length > 0) return { fields };
  const name =
    code === "conflict"
      ? conflict
      : names.find((candidate) => isAbout(said, candidate) || isAbout(title, candidate));
  return name === undefined ? { fields: {}, form: error } : { fields: { [name]: join(said, remedy) } };
}

function isAbout(message: string, name: string): boolean {
  return new RegExp(`^(spec\\.)?["']?${name}\\b`, "i").test(message);
}

function join(message: string, remedy: string | undefined): string {
  const first = message.charAt(0).toUpperCase() + message.slice(1);
  return remedy === undefined
    ? first
    : `${first.replace(/\.$/, "")}. ${remedy.charAt(0).toUpperCase()}${remedy.slice(1)}`;
}

/** A field's text, without the space around it. */
export function text(data: FormData, name: string): string {
  const value = data.get(name);
  return typeof value === "string" ? value.trim() : "";
}
