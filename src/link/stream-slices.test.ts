import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compileSet, type SourceFile } from "#policy";
import type { EntityChange, PolicyState, StateMessage } from "./index.ts";
import { beats, clientOf, control, held, put, read, snapshots, until } from "./rig.test.ts";

describe("a gateway's slice", () => {
  const DOMAIN = "apps.example.com";
  const instance: EntityChange = {
    kind: "instance",
    key: "instance",
    value: {
      id: "ins",
      domain: DOMAIN,
      hostStyle: "subdomain",
      scheme: "https",
      port: 443,
      origins: { login: `https://login.${DOMAIN}`, console: `https://console.${DOMAIN}` },
    },
  };
  function policy(activation: number, gateways: string, title = "Plans"): EntityChange {
    const document = (name: string, more: string): string =>
      `---\napiVersion: postern.dev/v1\nkind: Application\nmetadata: { name: ${name} }\nspec:\n  upstream: http://localhost:1\n  classification: internal\n${more}`;
    const files: SourceFile[] = [
      { path: "a.yaml", text: document("wiki", "") + document("plans", `  title: ${title}\n${gateways}`) },
    ];
    const value: PolicyState = { version: compileSet(files).version, activation, activatedAt: 0, files };
    return { kind: "policy", key: "active", value };
  }
  const entry = (label: string): EntityChange => ({
    kind: "entry",
    key: label,
    value: { session: "s", host: `${label}.${DOMAIN}` },
  });
  const applications = (messages: readonly StateMessage[]): string[] => {
    const active = held(messages).get("policy active");
    assert.ok(active?.kind === "policy" && active.value !== null);
    return [...compileSet(active.value.files).applications.keys()];
  };

  test("is given anew in the same stream when its hosts change, and goes on by changes when they do not", async () => {
    const { source, client } = await control();
    source.commit(instance, policy(1, "  gateways: [berlin]\n"), entry("wiki"), entry("plans"));
    const { messages, ends } = read(client);
    await until(() => beats(messages) === 1);
    assert.deepEqual(applications(messages), ["wiki"]);
    assert.ok(!held(messages).has("entry plans"));

    source.commit(entry("plans-2"), { ...entry("plans"), key: "other" });
    await until(() => messages.length === 3);
    assert.deepEqual(messages[2]?.type === "change" && messages[2].entities, [entry("plans-2")]);

    source.commit(policy(2, "  gateways: [berlin]\n", "Other plans"));
    await until(() => messages.length === 4);
    assert.equal(messages[3]?.type, "change");
    assert.doesNotMatch(JSON.stringify(messages), /plans\.apps|Other plans/);

    source.commit(policy(3, "  gateways: [berlin, local]\n"));
    await until(() => snapshots(messages).length === 2);
    assert.deepEqual(applications(messages), ["wiki", "plans"]);
    assert.deepEqual([...held(messages).keys()].filter((key) => key.startsWith("entry")).length, 4);

    source.commit(policy(4, "  gateways: [berlin]\n"));
    await until(() => snapshots(messages).length === 3);
    assert.deepEqual(applications(messages), ["wiki"]);
    assert.ok(!held(messages).has("entry plans") && !held(messages).has("entry other"));
    assert.deepEqual(ends, []);
  });

  test("an empty change keeps numbers without a gap", async () => {
    const { source, client } = await control();
    source.commit(instance, policy(1, "  gateways: [berlin]\n"));
    const { messages } = read(client);
    await until(() => beats(messages) === 1);
    source.commit(entry("plans"));
    await until(() => messages.length === 3);
    assert.deepEqual(messages[2], { type: "change", epoch: "epoch_1", number: 2, entities: [] });
  });

  test("goes on by changes after a pause, unless what it is cut by has changed meanwhile", async () => {
    const { source, client } = await control();
    source.commit(instance, policy(1, "  gateways: [berlin]\n"));
    source.commit(entry("wiki"), entry("plans"));
    const one = read(client, { epoch: "epoch_1", after: 1 });
    await until(() => beats(one.messages) === 1);
    assert.deepEqual(one.messages[0]?.type === "change" && one.messages[0].entities, [entry("wiki")]);
    source.commit(policy(2, ""));
    const two = read(client, { epoch: "epoch_1", after: 2 });
    await until(() => beats(two.messages) === 1);
    assert.equal(two.messages[0]?.type, "snapshot");
    assert.deepEqual(applications(two.messages), ["wiki", "plans"]);
  });

  test("an agent is told nothing of people, and still every number", async () => {
    const { source, socket } = await control();
    source.commit(instance, policy(1, ""), entry("wiki"));
    const client = clientOf(socket, { role: "agent", name: "laptop", boot: "b" });
    const { messages } = read(client, { role: "agent", name: "laptop" });
    await until(() => beats(messages) === 1);
    source.commit(entry("other"));
    source.commit(put("a", 1));
    await until(() => messages.length === 4);
    assert.deepEqual([...held(messages).keys()], ["control a", "instance instance"]);
    assert.deepEqual(messages[2]?.type === "change" && messages[2].entities, []);
  });
});
