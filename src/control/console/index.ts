/**
 * The console's pages as they were built (`npm run build`, from `web/`): two HTML files, for the console and for the login host,
 * and their hashed files. What is served is decided when control starts, by reading the folder: no request names a file on disk.
 */
export * from "./assets.ts";
