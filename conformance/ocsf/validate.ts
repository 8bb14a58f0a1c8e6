import type { Json } from "#kernel";
import { scalarProblem } from "./scalars.ts";
import type { Attribute, OcsfSchema, Shape } from "./schema.ts";

/** One thing wrong with an event. */
export interface Finding {
  /** Where, such as `actor.user.groups[0].name`; empty for the event itself. */
  readonly path: string;
  readonly code:
    | "class"
    | "constraint"
    | "deprecated"
    | "enum"
    | "profile"
    | "required"
    | "sibling"
    | "type"
    | "type_uid"
    | "unknown"
    | "version";
  readonly message: string;
}

type Members = { readonly [name: string]: Json };

/** OCSF's value for "something that the enumeration does not name"; its sibling then says what. */
const OTHER = 99;

interface Walk {
  readonly schema: OcsfSchema;
  readonly profiles: ReadonlySet<string>;
  readonly findings: Finding[];
}

/**
 * Checks an event against the compiled schema: its class, required and unknown attributes with the profiles
 * that it names, types, enumerations and their siblings, constraints, and the objects inside. Stricter than the
 * schema in two ways: a deprecated attribute is a finding, and so is null, since what is not known is absent.
 */
export function validateOcsf(schema: OcsfSchema, event: Json): readonly Finding[] {
  if (!isMembers(event)) return [{ path: "", code: "type", message: "not an object" }];
  const findings: Finding[] = [];
  const shape = Object.values(schema.classes).find(({ uid }) => uid === event["class_uid"]);
  if (shape === undefined)
    return [
      { path: "class_uid", code: "class", message: `no class ${JSON.stringify(event["class_uid"] ?? null)}` },
    ];
  const profiles = profilesOf(event);
  for (const profile of profiles) {
    if (!(shape.profiles ?? []).includes(profile))
      findings.push({ path: "metadata.profiles", code: "profile", message: `not of this class: ${profile}` });
  }
  checkMembers({ schema, profiles, findings }, shape, event, "");
  checkEvent(event, schema, findings);
  return findings;
}

/** What ties attributes of the event itself together. */
function checkEvent(event: Members, schema: OcsfSchema, findings: Finding[]): void {
  const { class_uid, activity_id, type_uid } = event;
  if (Number(class_uid) * 100 + Number(activity_id) !== type_uid)
    findings.push({ path: "type_uid", code: "type_uid", message: "not class_uid * 100 + activity_id" });
  const metadata = event["metadata"];
  if (isMembers(metadata) && metadata["version"] !== schema.version)
    findings.push({ path: "metadata.version", code: "version", message: `not ${schema.version}` });
}

function checkMembers(walk: Walk, shape: Shape, members: Members, path: string): void {
  const add = (name: string, code: Finding["code"], message: string): void => {
    walk.findings.push({ path: join(path, name), code, message });
  };
  for (const [name, attribute] of Object.entries(shape.attributes)) {
    if (attribute.requirement === "required" && isActive(walk, attribute) && !Object.hasOwn(members, name))
      add(name, "required", "required and absent");
  }
  for (const [name, value] of Object.entries(members)) {
    const attribute = Object.hasOwn(shape.attributes, name) ? shape.attributes[name] : undefined;
    if (attribute === undefined) {
      add(name, "unknown", "not an attribute of this schema");
      continue;
    }
    if (!isActive(walk, attribute))
      add(name, "profile", `asks for one of the profiles ${(attribute.profiles ?? []).join(", ")}`);
    if (attribute["@deprecated"] !== undefined) add(name, "deprecated", "deprecated");
    checkValue(walk, attribute, value, join(path, name));
    const problem = siblingProblem(attribute, value, members);
    if (problem !== undefined) add(attribute.sibling ?? name, "sibling", problem);
  }
  for (const message of constraintProblems(shape, members)) add("", "constraint", message);
}

function checkValue(walk: Walk, attribute: Attribute, value: Json, path: string): void {
  if (attribute.is_array !== true) {
    checkOne(walk, attribute, value, path);
    return;
  }
  if (!Array.isArray(value)) {
    walk.findings.push({ path, code: "type", message: "not an array" });
    return;
  }
  for (const [index, item] of (value as readonly Json[]).entries())
    checkOne(walk, attribute, item, `${path}[${index}]`);
}

function checkOne(walk: Walk, attribute: Attribute, value: Json, path: string): void {
  const { schema, findings } = walk;
  if (attribute.type === "object_t") {
    if (!isMembers(value)) findings.push({ path, code: "type", message: "not an object" });
    else if (attribute.object_type !== "object")
      checkMembers(walk, objectShape(schema, attribute.object_type ?? ""), value, path);
    return;
  }
  const problem = scalarProblem(schema, attribute.type, value);
  if (problem !== undefined) findings.push({ path, code: "type", message: problem });
  else if (attribute.enum !== undefined && named(attribute.enum, value) === undefined)
    findings.push({ path, code: "enum", message: `${JSON.stringify(value)} is not one of its values` });
}

/** An enumerated id and its sibling say the same; 99 says what it is by its sibling alone. */
function siblingProblem(attribute: Attribute, value: Json, members: Members): string | undefined {
  const { sibling, enum: values, is_array } = attribute;
  if (sibling === undefined || values === undefined || is_array === true) return undefined;
  const caption = Object.hasOwn(members, sibling) ? members[sibling] : undefined;
  if (value === OTHER) {
    const taken = Object.values(values).some((one) => one.caption === caption);
    return caption === undefined || taken ? `${OTHER} says nothing without a word of its own` : undefined;
  }
  const expected = named(values, value)?.caption;
  if (caption === undefined || expected === undefined || caption === expected) return undefined;
  return `${JSON.stringify(caption)}, but ${JSON.stringify(value)} is ${JSON.stringify(expected)}`;
}

/** A value of an enumeration, by its text. */
function named(
  values: NonNullable<Attribute["enum"]>,
  value: Json,
): { readonly caption: string } | undefined {
  if (typeof value !== "number" && typeof value !== "string") return undefined;
  return Object.hasOwn(values, value) ? values[value] : undefined;
}

function* constraintProblems(shape: Shape, members: Members): Generator<string> {
  const { at_least_one, just_one } = shape.constraints ?? {};
  if (at_least_one !== undefined && count(members, at_least_one) === 0)
    yield `at least one of ${at_least_one.join(", ")}`;
  if (just_one !== undefined && count(members, just_one) !== 1) yield `just one of ${just_one.join(", ")}`;
}

/** How many of the paths are present. */
function count(members: Members, paths: readonly string[]): number {
  return paths.filter((path) => {
    let at: Json | undefined = members;
    for (const name of path.split("."))
      at = at !== undefined && isMembers(at) && Object.hasOwn(at, name) ? at[name] : undefined;
    return at !== undefined;
  }).length;
}

function objectShape(schema: OcsfSchema, name: string): Shape {
  const shape = Object.hasOwn(schema.objects, name) ? schema.objects[name] : undefined;
  if (shape === undefined) throw new RangeError(`the schema names an object that it has not: ${name}`);
  return shape;
}

function isActive(walk: Walk, attribute: Attribute): boolean {
  const { profiles } = attribute;
  if (profiles === undefined || profiles === null) return true;
  return profiles.some((profile) => walk.profiles.has(profile));
}

function profilesOf(event: Members): ReadonlySet<string> {
  const metadata = event["metadata"];
  const named = isMembers(metadata) ? metadata["profiles"] : undefined;
  return new Set(
    Array.isArray(named) ? named.filter((name): name is string => typeof name === "string") : [],
  );
}

function isMembers(value: Json | undefined): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function join(path: string, name: string): string {
  if (path === "" || name === "") return path + name;
  return `${path}.${name}`;
}
