import type { Case } from "../suite.ts";
import { readCases } from "./cases.ts";
import { judge } from "./judge.ts";

/** The cases of the OPA compliance suite below `folder`, each compiled from source. @throws PosternError `not_found` or `input.invalid` */
export function regoSuite(folder: string): readonly Case[] {
  const now = BigInt(Date.now()) * 1_000_000n;
  return readCases(folder).map((each) => ({
    name: `${each.category}: ${each.note} (${each.file})`,
    category: each.category,
    findings: judge(each, now),
  }));
}
