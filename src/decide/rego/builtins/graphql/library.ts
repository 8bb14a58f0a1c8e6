/** The `graphql` package, loaded when a query is first held to a schema: most policies never do, and it is large. */
import { createRequire } from "node:module";
import type * as GraphQL from "graphql";

let loaded: typeof GraphQL | undefined;

export function graphql(): typeof GraphQL {
  loaded ??= createRequire(import.meta.url)("graphql") as typeof GraphQL;
  return loaded;
}
