import type { Notify } from "#kernel";
import type { Member } from "./member.ts";
import { type FileMark, memberFileMark, readMemberFile, writeMemberFile } from "./member-file.ts";

/**
 * The membership in use, and its file. What is in use may be newer than the file when the disk refuses it: it is written as
 * soon as it can be. A file that somebody else replaced, by joining again, is taken in place of what is in use.
 */
export class HeldMember {
  readonly #folder: string;
  readonly #notify: Notify;
  #member: Member;
  #mark: FileMark;
  #unwritten = false;
  #saying: string | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(folder: string, read: { readonly member: Member; readonly mark: FileMark }, notify: Notify) {
    this.#folder = folder;
    this.#notify = notify;
    this.#member = read.member;
    this.#mark = read.mark;
  }

  get member(): Member {
    return this.#member;
  }

  /**
   * Uses what `change` makes of the membership, and writes it; unless somebody has joined anew meanwhile, whose membership counts.
   * `change` gives the same one back when there is nothing to change. One at a time.
   */
  async update(change: (member: Member) => Member): Promise<void> {
    await this.#inTurn(async () => {
      const file = await this.#lookAtFile();
      const next = file === "replaced" ? this.#member : change(this.#member);
      if (next === this.#member) return;
      this.#member = next;
      this.#unwritten = true;
      if (file === "ours") await this.#write();
    });
  }

  /** Brings membership and file together. */
  async settle(): Promise<void> {
    await this.#inTurn(async () => {
      if ((await this.#lookAtFile()) === "ours" && this.#unwritten) await this.#write();
    });
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    await turn;
  }

  /**
   * `ours`: as this process left it. `replaced`: somebody joined anew, and their membership is the one in use now. `another`: what
   * is there, if anything, is not for this process to use or to write over.
   */
  async #lookAtFile(): Promise<"ours" | "replaced" | "another"> {
    try {
      const mark = await memberFileMark(this.#folder);
      if (mark === this.#mark) return "ours";
      if (mark === undefined) {
        this.#say(
          "the file of this machine's membership is gone: it will have to join again before it starts again",
        );
        return "another";
      }
      const { member, mark: read } = await readMemberFile(this.#folder);
      const { role, name, trustDomain } = this.#member;
      if (member.role !== role || member.name !== name || member.trustDomain !== trustDomain) {
        const who = `${member.role} ${member.name} of ${member.trustDomain}`;
        this.#say(`this machine has joined as the ${who}: start this process anew`);
        return "another";
      }
      this.#mark = read;
      this.#member = member;
      this.#unwritten = false;
      this.#saying = undefined;
      this.#notify({ event: "membership-replaced", message: "this machine has joined anew" });
      return "replaced";
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#say(`the file of this machine's membership cannot be read: ${why}`);
      return "another";
    }
  }

  async #write(): Promise<void> {
    try {
      this.#mark = await writeMemberFile(this.#folder, this.#member);
      this.#unwritten = false;
      this.#saying = undefined;
    } catch (error) {
      this.#say(`${error instanceof Error ? error.message : String(error)}; it is in use nevertheless`);
    }
  }

  #say(message: string): void {
    if (this.#saying === message) return;
    this.#saying = message;
    this.#notify({ event: "warning", message });
  }
}
