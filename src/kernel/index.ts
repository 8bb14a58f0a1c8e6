/**
 * The kernel: time, identifiers, errors, canonical JSON, bytes and schedules. It knows no word of the
 * domain and does no I/O beyond the platform's clock and random source, so every floor may stand on it.
 */
export * from "./bytes.ts";
export * from "./clock.ts";
export * from "./errors.ts";
export * from "./ids.ts";
export * from "./json.ts";
export * from "./nearest.ts";
export * from "./notice.ts";
export * from "./schedule.ts";
