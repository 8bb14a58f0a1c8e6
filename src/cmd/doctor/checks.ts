import type { DoctorCheck } from "./check.ts";
import { backup } from "./checks/backup.ts";
import { certificates } from "./checks/certificates.ts";
import { clock } from "./checks/clock.ts";
import { dataFolder } from "./checks/data-folder.ts";
import { database } from "./checks/database.ts";
import { diskSpace } from "./checks/disk-space.ts";
import { domain } from "./checks/domain.ts";
import { limits } from "./checks/limits.ts";
import { logChain } from "./checks/log-chain.ts";
import { masterKey } from "./checks/master-key.ts";
import { members } from "./checks/members.ts";
import { ports } from "./checks/ports.ts";
import { postgres } from "./checks/postgres.ts";
import { roles } from "./checks/roles.ts";
import { runtime } from "./checks/runtime.ts";
import { spool } from "./checks/spool.ts";

/** In the order in which they are made: what others rest on comes first. */
export const CHECKS: readonly DoctorCheck[] = [
  runtime,
  dataFolder,
  diskSpace,
  limits,
  database,
  postgres,
  masterKey,
  roles,
  members,
  certificates,
  clock,
  spool,
  logChain,
  ports,
  domain,
  backup,
];
