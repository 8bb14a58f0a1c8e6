import { closeSync, fdatasync, fstatSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";

/** What a segment does to its file, so that a test can be a disk that is full or failing. */
export interface FileOperations {
  /** Writes some bytes of `buffer` from `offset` at the end of a file; returns how many. */
  write(descriptor: number, buffer: Uint8Array, offset: number): number;
  /** Asks the disk to keep what was written. */
  sync(descriptor: number): Promise<void>;
}

export const fileOperations: FileOperations = {
  write: (descriptor, buffer, offset) => writeSync(descriptor, buffer, offset, buffer.length - offset, null),
  sync: async (descriptor) =>
    await new Promise<void>((resolve, reject) => {
      fdatasync(descriptor, (error) => (error === null ? resolve() : reject(error)));
    }),
};

/** `SOURCE.BOOT.NUMBER.spool`; the source's characters that a file name should not have are replaced. */
export function segmentName(source: string, boot: string, number: number): string {
  return `${sourceName(source)}.${boot}.${String(number).padStart(6, "0")}.spool`;
}

/** Whether a file name is of a segment of this source. */
export function isSegmentOf(source: string, name: string): boolean {
  return name.startsWith(`${sourceName(source)}.`) && name.endsWith(".spool");
}

function sourceName(source: string): string {
  return source.replaceAll(/[^A-Za-z0-9-]/g, (character) => `_${character.charCodeAt(0).toString(16)}_`);
}

/** One file that this process appends to. A write that fails leaves the file as it was. */
export class Segment {
  readonly path: string;
  readonly #descriptor: number;
  readonly #files: FileOperations;
  #length = 0;
  #torn = false;
  /** Settles when the last sync has: the descriptor stays open until then. */
  #synced: Promise<unknown> = Promise.resolve();

  /** Makes the file. @throws what the file system says. */
  constructor(folder: string, name: string, files: FileOperations) {
    this.path = join(folder, name);
    this.#descriptor = openSync(this.path, "ax", 0o600);
    this.#files = files;
  }

  /** Bytes that are whole. */
  get length(): number {
    return this.#length;
  }

  /** Appends all of `bytes` or nothing. @throws what the file system says. */
  append(bytes: Uint8Array): void {
    if (this.#torn) this.#cut();
    this.#torn = true;
    try {
      for (let done = 0; done < bytes.length; ) {
        const written = this.#files.write(this.#descriptor, bytes, done);
        if (written === 0) throw new Error("the file takes no more");
        done += written;
      }
    } catch (error) {
      this.#cut();
      throw error;
    }
    this.#torn = false;
    this.#length += bytes.length;
  }

  /** Takes away what a failed write left. While that fails too, nothing is appended. */
  #cut(): void {
    if (fstatSync(this.#descriptor).size > this.#length) ftruncateSync(this.#descriptor, this.#length);
    this.#torn = false;
  }

  /** Asks the disk to keep what was written. @throws what the file system says. */
  async sync(): Promise<void> {
    const sync = this.#files.sync(this.#descriptor);
    this.#synced = Promise.allSettled([this.#synced, sync]);
    await sync;
  }

  async close(): Promise<void> {
    await this.#synced;
    closeSync(this.#descriptor);
  }
}
