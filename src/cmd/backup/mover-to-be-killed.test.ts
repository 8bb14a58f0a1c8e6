/** A control that writes all the time and moves its database meanwhile, as a process of its own that `move.test.ts` kills. */
import { writeSync } from "node:fs";
import { sqliteFile } from "../database.ts";
import { AROUND, addPerson, openAll } from "./backup-rig.test.ts";
import { moveRunning } from "./move-database.ts";

const [data = "", url = ""] = process.argv.slice(2);

async function run(): Promise<void> {
  // it ends by being killed
  setInterval(() => undefined, 1_000);
  const { store } = await openAll({ path: sqliteFile(data) });
  void (async () => {
    for (let i = 5_000; ; i++) {
      await addPerson(store, i);
      writeSync(1, `${i}\n`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  await new Promise((resolve) => setTimeout(resolve, 30));
  writeSync(1, "moving\n");
  await moveRunning(store, { ...AROUND, data, url });
}

if (process.env["POSTERN_TEST_MOVER"] !== undefined) await run();
