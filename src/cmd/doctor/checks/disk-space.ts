/** Room on the disk of the data folder: without any, nothing is recorded, and so everything is denied. */
import { existsSync, statfsSync } from "node:fs";
import { bytes } from "../amounts.ts";
import { type DoctorCheck, type Finding, fine, problem, warning } from "../check.ts";

const MB = 1024 * 1024;
/** Below it a write-ahead log or a segment of the spool may not fit any more. */
const TOO_LITTLE_BYTES = 64 * MB;
const LITTLE_BYTES = 1024 * MB;
const LITTLE_SHARE = 0.05;
const TOO_FEW_INODES = 100;
const FEW_INODES = 2_000;

export const diskSpace: DoctorCheck = {
  name: "disk-space",
  title: "Disk",
  async examine({ data }) {
    if (!existsSync(data)) return [];
    const { bsize, blocks, bavail, files, ffree } = statfsSync(data);
    const free = bavail * bsize;
    const size = blocks * bsize;
    const remedy = `make room on the disk of ${data}: df -h ${data}; du -xh ${data} | sort -h | tail`;
    const room = `${bytes(free)} free of ${bytes(size)}`;
    const findings: Finding[] = [
      free < Math.min(TOO_LITTLE_BYTES, size / 10)
        ? problem(`the disk is full: ${room}`, remedy)
        : free < LITTLE_BYTES && free < size * LITTLE_SHARE * 4
          ? warning(`the disk is filling up: ${room}`, remedy)
          : free < size * LITTLE_SHARE
            ? warning(`the disk is filling up: ${room}`, remedy)
            : fine(room),
    ];
    // file systems that make inodes as needed say 0 of 0
    if (files > 0 && ffree < FEW_INODES) {
      const found = `${ffree} more files can be made there (inodes)`;
      const what = `remove small files on the disk of ${data}: df -i ${data}`;
      findings.push(ffree < TOO_FEW_INODES ? problem(found, what) : warning(found, what));
    }
    return await Promise.resolve(findings);
  },
};
