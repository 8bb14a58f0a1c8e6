/** The inside of `link-cut.test.ts`: runs where it may drop packets. Ends with 0 when all went as it should. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCluster } from "./cluster.ts";
import { ask } from "./http.ts";
import { until } from "./until.ts";
import { startUpstream } from "./upstream.ts";

const upstream = await startUpstream();
const cluster = await startCluster({ controls: 1, gateways: 1 });
try {
  const port = new URL(cluster.controls[0]?.link ?? "").port;
  const ada = await cluster.person("ada");
  await cluster.done(["app", "add", "vault", upstream.url, "--classification", "restricted"]);
  const rules = await mkdtemp(join(tmpdir(), "rules-"));
  await writeFile(
    join(rules, "vault.rules"),
    'ALLOW IF resource.name == "vault" AND user.mfa_verified == true\n',
  );
  await cluster.done(["apply", "-f", rules]);
  await rm(rules, { recursive: true });
  const url = cluster.url("vault");
  await until("ada to be let in", async () => (await ada.open(url)).status === 200);
  const status = async (): Promise<number> => {
    const headers = { cookie: ada.cookie(url), accept: "application/json" };
    // a request that was under way when the bound passed is cut, and says nothing
    return await ask(url, { headers, address: cluster.gateways[0]?.address ?? "" }).then(
      (answer) => answer.status,
      () => 0,
    );
  };

  const ways = {
    "from control": [`tcp sport ${port} drop`],
    "to control": [`tcp dport ${port} drop`],
    "both ways": [`tcp sport ${port} drop`, `tcp dport ${port} drop`],
  };
  for (const [way, rulesOfWay] of Object.entries(ways)) {
    await until("the application to be served", async () => (await status()) === 200, 60_000);
    nft("add table inet cut");
    nft("add chain inet cut out { type filter hook output priority 0 ; }");
    for (const rule of rulesOfWay) nft(`add rule inet cut out ${rule}`);
    const cutAt = performance.now();
    const denial = await until(
      `a denial after a cut ${way}`,
      async () => {
        const answer = await status();
        return answer === 200 || answer === 0 ? undefined : answer;
      },
      100_000,
    );
    assert.equal(denial, 503);
    const seconds = (performance.now() - cutAt) / 1_000;
    nft("delete table inet cut");
    await until("the application to be served again", async () => (await status()) === 200, 60_000);
    console.log(`denied ${seconds.toFixed(1)} s after, and recovered after a cut ${way}`);
  }
} finally {
  await cluster.remove();
  await upstream.close();
}

function nft(command: string): void {
  execFileSync("nft", [command]);
}
