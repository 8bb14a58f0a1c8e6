/** A process of the spool's tests: given a folder, records as fast as it can and prints what was acknowledged, until it is killed. */
import { systemSchedule } from "#kernel";
import { openSpool } from "#spool";

const folder = process.argv[2];
if (folder !== undefined) await record(folder);

async function record(path: string): Promise<void> {
  const spool = await openSpool({
    folder: path,
    source: "gateway:test",
    boot: "boot_1",
    schedule: systemSchedule,
    ship: async () => await Promise.reject(new Error("no control")),
    notify: () => undefined,
  });
  let acknowledged = 0;
  function next(i: number): void {
    spool.append({ i }, (error) => {
      if (error !== undefined) throw error;
      acknowledged++;
      if (acknowledged % 50 === 0) process.stdout.write(`${acknowledged}\n`);
      next(i + 1);
    });
  }
  for (let i = 0; i < 10; i++) next(i);
}
