/**
 * The API of control: one set of routes for the console, the command line and programs (OpenAPI at `/api/openapi.json`).
 *
 * It has two doors. Behind the gateway, a request carries the gateway's assertion of a session, and one that changes
 * something proves besides that the console's own page sent it. On the owner's socket, whoever can reach the data folder is the owner.
 * Past either door every act and every reading of records is decided by the policy in force, like any other request.
 */
export * from "./api.ts";
export * from "./deployment-types.ts";
export * from "./types.ts";
