// breaks: decide imports only kernel and does no input or output
import { readFileSync } from "node:fs";
import { linkClient } from "#link";

export const planted: readonly unknown[] = [readFileSync, linkClient];
