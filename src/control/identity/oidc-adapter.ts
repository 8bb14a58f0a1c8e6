import { type Adapter, type AdapterPayload, errors, Provider } from "oidc-provider";
import type { RequestSource } from "#events";
import { PosternError, sha256Hex } from "#kernel";
import { findGatewayClient } from "./gateway-clients.ts";
import type { Parts } from "./parts.ts";
import { findLive, type Proof, type SessionRow, saveSession, sessionPayload } from "./sessions.ts";

/**
 * oidc-provider's storage on ours. A row is found by the SHA-256 of the id that a browser or a client presents,
 * and the id itself is taken out of what rests, wherever in the payload it stands; it is put back from what is
 * presented. So the database alone lets nobody in.
 */
export function oidcAdapter(parts: Parts): (model: string) => Adapter {
  return (model) => {
    if (model === "Session") return sessionAdapter(parts);
    if (model === "Client")
      return { ...NOTHING, find: async (id) => await findGatewayClient(parts.store, parts.instance, id) };
    // nothing here takes an access token, so that none needs to be known again
    if (model === "AccessToken") return NOTHING;
    return rowAdapter(parts, model);
  };
}

const nothing = async (): Promise<undefined> => await Promise.resolve(undefined);
const NOTHING: Adapter = {
  upsert: nothing,
  find: nothing,
  findByUserCode: nothing,
  findByUid: nothing,
  consume: nothing,
  destroy: nothing,
  revokeByGrantId: nothing,
};

/** Stands for the id in a row. JSON text has no control characters of its own, so nothing else reads like it. */
const ID_MARK = "\u0001";

/** Each of these writes is one statement about one row, or about rows that nobody else adds to: it needs no turn. */
const ONE_STATEMENT = { concurrent: true } as const;

function rowAdapter(parts: Parts, model: string): Adapter {
  const { store, clock } = parts;
  return {
    ...NOTHING,
    async upsert(id, payload, expiresIn) {
      const row = {
        payload: JSON.stringify(withoutCookie(payload)).replaceAll(id, ID_MARK),
        grant_id: model === "Grant" ? id : (payload.grantId ?? null),
        uid: null,
        expires_at: expiresIn === undefined ? null : clock.now() + expiresIn * 1000,
      };
      await store.write(async ({ db }) => {
        const insert = db.insertInto("oidc").values({ model, id: sha256Hex(id), consumed_at: null, ...row });
        if (model !== "ReplayDetection") {
          await insert.onConflict((conflict) => conflict.columns(["model", "id"]).doUpdateSet(row)).execute();
          return;
        }
        // of two requests with the same assertion at once, the second ends here
        const done = await insert.onConflict((conflict) => conflict.doNothing()).executeTakeFirst();
        if (done.numInsertedOrUpdatedRows === 0n)
          throw new errors.InvalidClientAuth("the assertion was used before");
      }, ONE_STATEMENT);
    },
    async find(id) {
      const row = await store.db
        .selectFrom("oidc")
        .selectAll()
        .where("model", "=", model)
        .where("id", "=", sha256Hex(id))
        .executeTakeFirst();
      if (row === undefined || (row.expires_at !== null && row.expires_at <= clock.now())) return undefined;
      // our own text, written above
      const payload = JSON.parse(row.payload.replaceAll(ID_MARK, id)) as AdapterPayload;
      return row.consumed_at === null
        ? payload
        : { ...payload, consumed: Math.floor(row.consumed_at / 1000) };
    },
    async consume(id) {
      await store.write(async ({ db }) => {
        const done = await db
          .updateTable("oidc")
          .set({ consumed_at: clock.now() })
          .where("model", "=", model)
          .where("id", "=", sha256Hex(id))
          .where("consumed_at", "is", null)
          .executeTakeFirst();
        // of two exchanges of one code at once, the second ends here
        if (done.numUpdatedRows === 0n) throw new errors.InvalidGrant(`${model} was used before`);
      }, ONE_STATEMENT);
    },
    async destroy(id) {
      await store.write(async ({ db }) => {
        const done = await db
          .deleteFrom("oidc")
          .where("model", "=", model)
          .where("id", "=", sha256Hex(id))
          .executeTakeFirst();
        // a ceremony begins a session once: of two requests that go on from it at once, the second ends here
        if (model === "Interaction" && done.numDeletedRows === 0n)
          throw new errors.SessionNotFound("this sign-in is over");
      }, ONE_STATEMENT);
    },
    async revokeByGrantId(grantId) {
      await store.write(async ({ db }) => {
        await db.deleteFrom("oidc").where("model", "=", model).where("grant_id", "=", grantId).execute();
      }, ONE_STATEMENT);
    },
  };
}

/** An interaction that begins in a session carries that session's bearer id, which nothing reads. */
function withoutCookie(payload: AdapterPayload): AdapterPayload {
  if (payload.session === undefined) return payload;
  const { cookie: _, ...session } = payload.session;
  return { ...payload, session };
}

/** Sessions have a table of their own. Visitors who have not signed in have none: their cookie names nothing. */
function sessionAdapter(parts: Parts): Adapter {
  return {
    ...NOTHING,
    async upsert(id, payload) {
      const { accountId, uid, loginTs, amr, authorizations } = payload;
      if (accountId === undefined || uid === undefined || loginTs === undefined) return;
      const proof = proofUnderWay(accountId);
      try {
        await saveSession(parts, {
          id: uid,
          bearerHash: sha256Hex(id),
          user: accountId,
          payload: { loginTs, amr: amr ?? [], authorizations: { ...authorizations } },
          ...(proof === undefined ? {} : { proof }),
          source: sourceUnderWay(),
        });
      } catch (cause) {
        if (!(cause instanceof PosternError) || cause.code !== "unauthenticated") throw cause;
        throw new errors.SessionNotFound(cause.message);
      }
    },
    async find(id) {
      return restore(await findLive(parts.store.db, { bearerHash: sha256Hex(id) }, parts.clock.now()), id);
    },
    async findByUid(uid) {
      return restore(await findLive(parts.store.db, { id: uid }, parts.clock.now()), undefined);
    },
    // oidc-provider asks for this alone before it saves a session under its next id, and that save takes the place of the
    // former id; sessions end in `removeSession`
    destroy: nothing,
  };
}

function restore(
  row: (SessionRow & { user_id: string }) | undefined,
  id: string | undefined,
): AdapterPayload | undefined {
  if (row === undefined) return undefined;
  const { loginTs, amr, authorizations } = sessionPayload(row);
  return {
    kind: "Session",
    uid: row.id,
    ...(id === undefined ? {} : { jti: id }),
    accountId: row.user_id,
    loginTs,
    amr: [...amr],
    authorizations: { ...authorizations },
    iat: Math.floor(row.created_at / 1000),
    exp: Math.floor(row.absolute_expires_at / 1000),
  };
}

/** The passkey that the request under way has brought back from its ceremony. */
function proofUnderWay(user: string): Proof | undefined {
  const login = Provider.ctx?.oidc.result?.login;
  if (login === undefined || login.accountId !== user || login.ts === undefined) return undefined;
  return { user, at: login.ts * 1000, amr: login.amr ?? [] };
}

function sourceUnderWay(): RequestSource {
  const ctx = Provider.ctx;
  if (ctx === undefined) return {};
  const userAgent = ctx.get("user-agent");
  return { ip: ctx.ip, ...(userAgent === "" ? {} : { userAgent: userAgent.slice(0, 512) }) };
}
