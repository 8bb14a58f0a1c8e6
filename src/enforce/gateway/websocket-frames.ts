/** Opcodes (RFC 6455 §5.2). */
const CLOSE = 0x8;
const FIRST_CONTROL = 0x8;

/** Codes of the Close frame (RFC 6455 §7.4.1 and its registry) that the gateway itself ends a WebSocket with. */
export type CloseCode = 1001 | 1008 | 1013;

/** A control frame carries at most 125 bytes, two of them the code (RFC 6455 §5.5). */
const MOST_REASON_BYTES = 123;

/**
 * Follows one direction of a WebSocket from header to header, without looking at what frames carry: where one frame
 * ends and the next begins, and which kind each is (RFC 6455 §5.2).
 */
export class FrameReader {
  /** Bytes of the payload that are still to come. */
  #payload = 0;
  /** The header that is being read; the longest is 14 bytes. */
  readonly #header: Buffer = Buffer.alloc(14);
  #have = 0;
  #need = 2;
  #dataFrames = 0;
  #closed = false;

  /** Whether everything so far was whole frames. */
  get atBoundary(): boolean {
    return this.#payload === 0 && this.#have === 0;
  }

  /** Whether a Close frame has begun: nothing may follow it (§5.5.1). */
  get closed(): boolean {
    return this.#closed;
  }

  /** Frames that carry data and not only ping, pong or close, and that have begun. */
  get dataFrames(): number {
    return this.#dataFrames;
  }

  take(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#payload > 0) {
        const passed = Math.min(this.#payload, chunk.length - at);
        this.#payload -= passed;
        at += passed;
        continue;
      }
      this.#header[this.#have] = chunk[at] ?? 0;
      this.#have += 1;
      at += 1;
      if (this.#have === 2) this.#need = headerLength(this.#header);
      if (this.#have >= 2 && this.#have === this.#need) this.#begin();
    }
  }

  #begin(): void {
    const opcode = (this.#header[0] ?? 0) & 0x0f;
    if (opcode < FIRST_CONTROL) this.#dataFrames += 1;
    if (opcode === CLOSE) this.#closed = true;
    this.#payload = payloadLength(this.#header);
    this.#have = 0;
    this.#need = 2;
  }
}

function headerLength(header: Buffer): number {
  const second = header[1] ?? 0;
  const short = second & 0x7f;
  return 2 + (short === 127 ? 8 : short === 126 ? 2 : 0) + ((second & 0x80) === 0 ? 0 : 4);
}

function payloadLength(header: Buffer): number {
  const short = (header[1] ?? 0) & 0x7f;
  if (short === 126) return header.readUInt16BE(2);
  // beyond 2^53 bytes nobody counts exactly, and nobody has sent so many
  return short === 127 ? Number(header.readBigUInt64BE(2)) : short;
}

/** A Close frame as servers send it, unmasked. A reason that is too long loses its end. */
export function closeFrame(code: CloseCode, reason: string): Buffer {
  let text = Buffer.from(reason);
  for (let end = reason.length; text.length > MOST_REASON_BYTES; end--)
    text = Buffer.from(reason.slice(0, end));
  const frame = Buffer.alloc(4 + text.length);
  frame[0] = 0x80 | CLOSE;
  frame[1] = 2 + text.length;
  frame.writeUInt16BE(code, 2);
  text.copy(frame, 4);
  return frame;
}
