import type { IncomingMessage } from "node:http";
import { request } from "node:http";
import { PosternError, parseJson } from "#kernel";
import { errorFrom, type JoinRequest, LINK_HEADERS, LINK_MINOR, LINK_PATHS, parseMembership } from "#link";
import { newKeyAndRequest } from "./certificate-request.ts";
import { certificateOf, newMemberOf, pinOf } from "./member.ts";
import { checkWritable, writeMemberFile } from "./member-file.ts";
import { connectPinned, type PinnedConnection } from "./pinned-connection.ts";
import type { Joined, JoinOptions } from "./types.ts";

const ANSWER_MS = 20_000;
const MOST_ANSWER_LENGTH = 1_048_576;
const PIN = /^sha256:[0-9a-f]{64}$/;

/**
 * Makes this machine a member: a key is made here, and control signs a certificate for it in exchange for the token, which
 * is sent over a connection whose other end was verified by the pin, and over no other.
 * @throws PosternError `pin.mismatch`, `not_running`, `folder.unwritable`, `input.invalid`, and what control refuses with:
 * `token.unknown`, `token.used`, `token.expired`, `rate_limited`
 */
export async function joinControl(options: JoinOptions): Promise<Joined> {
  const { url, token, role, folder, boot, version, clock } = options;
  const pin = options.pin.toLowerCase();
  if (!PIN.test(pin))
    throw new PosternError("input.invalid", "the pin is not sha256: and 64 hexadecimal digits", {
      remedy: "use the pin that was printed with the token",
    });
  if (!/^[\x21-\x7e]{1,256}$/.test(token)) throw new PosternError("input.invalid", "that is no token");
  // a token is good for once: what can fail here fails before
  await checkWritable(folder);
  const { key, csr } = newKeyAndRequest();
  const connection = await connectPinned(url, pin, clock.now());
  let answer: unknown;
  try {
    answer = await exchange(connection, { token, csr, boot, version });
  } finally {
    connection.socket.destroy();
  }
  const membership = parseMembership(answer);
  if (role !== undefined && membership.role !== role)
    throw new PosternError("token.unknown", `the token was for the ${membership.role} ${membership.name}`, {
      remedy: `make a token for ${role === "agent" ? "an agent" : "a gateway"}: postern ${role} token NAME`,
    });
  if (membership.trustDomain !== connection.trustDomain)
    throw new PosternError("tls.invalid", "control let this machine join an instance that is not its own");
  if (!membership.authorities.some((authority) => pinOf(certificateOf(authority)) === pin))
    throw new PosternError("tls.invalid", "control does not count the pinned authority among its own");
  const controls = membership.controls.length === 0 ? [new URL(url).origin] : membership.controls;
  const member = newMemberOf({ ...membership, controls }, key);
  await writeMemberFile(folder, member);
  const { name, trustDomain, notAfter } = member;
  return { role: member.role, name, trustDomain, notAfter, controls };
}

async function exchange({ socket }: PinnedConnection, message: JoinRequest): Promise<unknown> {
  const body = JSON.stringify(message);
  let answer: { readonly status: number | undefined; readonly text: string };
  try {
    answer = await new Promise((resolve, reject) => {
      const sent = request(
        {
          createConnection: () => socket,
          path: LINK_PATHS.join,
          method: "POST",
          headers: {
            host: "control",
            [LINK_HEADERS.boot]: message.boot,
            [LINK_HEADERS.minor]: String(LINK_MINOR),
            "content-type": "application/json",
            "content-length": Buffer.byteLength(body),
          },
          // for the whole exchange: an answer that trickles is none
          signal: AbortSignal.timeout(ANSWER_MS),
        },
        (response) => {
          readAll(response).then((text) => resolve({ status: response.statusCode, text }), reject);
        },
      );
      sent.on("error", reject);
      sent.end(body);
    });
  } catch (cause) {
    throw new PosternError("not_running", "control did not answer, and may have used the token up", {
      remedy: "try again; if the token is used, make a new one",
      cause,
    });
  }
  const content = parseJson(answer.text, "control's answer");
  if (answer.status !== 200) throw errorFrom(content);
  return content;
}

async function readAll(response: IncomingMessage): Promise<string> {
  let text = "";
  response.setEncoding("utf8");
  for await (const chunk of response as AsyncIterable<string>) {
    text += chunk;
    if (text.length > MOST_ANSWER_LENGTH) throw new Error("the answer is too long");
  }
  return text;
}
