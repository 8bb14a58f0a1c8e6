import { z } from "zod";
import { PosternError } from "#kernel";
import type { ComponentReport, JoinRequest, RenewRequest } from "#link";

/** Names of versions and starts: visible ASCII, as they stand in logs and tables. */
const WORD = z.string().regex(/^[\x21-\x7e]{1,128}$/);
const CSR = z.string().max(16_384);
const COUNT = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

const JOIN: z.ZodType<JoinRequest> = z.object({
  token: z.string().max(256),
  csr: CSR,
  boot: WORD,
  version: WORD,
});

const RENEW: z.ZodType<RenewRequest> = z.object({ csr: CSR, boot: WORD });

/** A report as it was checked: members that this version does not know are left out. */
export interface CheckedReport {
  readonly boot: string;
  readonly version: string;
  readonly position?: { readonly epoch: string; readonly number: number } | undefined;
  readonly viewAgeSeconds?: number | undefined;
  readonly skewSeconds: number;
  readonly blocked?: string | undefined;
  readonly liveConnections?: number | undefined;
  readonly unshippedRecords?: number | undefined;
  readonly certificateNotAfter?: number | undefined;
}

const REPORT: z.ZodType<CheckedReport> = z.object({
  boot: WORD,
  version: WORD,
  position: z.object({ epoch: WORD, number: COUNT }).optional(),
  viewAgeSeconds: z.number().min(0).max(1e9).optional(),
  skewSeconds: z.number().min(-1e10).max(1e10),
  blocked: z.string().max(1_000).optional(),
  liveConnections: COUNT.optional(),
  unshippedRecords: COUNT.optional(),
  certificateNotAfter: COUNT.optional(),
});

/** @throws PosternError `input.invalid` */
export function checkJoinRequest(request: JoinRequest): JoinRequest {
  return checked(JOIN, request, "the request to join");
}

/** @throws PosternError `input.invalid` */
export function checkRenewRequest(request: RenewRequest): RenewRequest {
  return checked(RENEW, request, "the request for a new certificate");
}

/** @throws PosternError `input.invalid` */
export function checkReport(report: ComponentReport): CheckedReport {
  return checked(REPORT, report, "the report");
}

function checked<T>(shape: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const at = parsed.error.issues[0]?.path.join(".") ?? "";
  throw new PosternError("input.invalid", `${what} is not of its form${at === "" ? "" : ` (${at})`}`, {
    cause: parsed.error,
  });
}
