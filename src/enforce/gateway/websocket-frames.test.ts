import assert from "node:assert/strict";
import { test } from "node:test";
import { closeFrame, FrameReader } from "./websocket-frames.ts";

/** One frame; `mask` as clients send it. */
function frame(opcode: number, length: number, { fin = true, mask = false } = {}): Buffer {
  const size =
    length < 126
      ? Buffer.from([length])
      : length < 65_536
        ? Buffer.from([126, length >> 8, length & 0xff])
        : Buffer.concat([Buffer.from([127]), bigEndian(length)]);
  size[0] = (size[0] ?? 0) | (mask ? 0x80 : 0);
  return Buffer.concat([
    Buffer.from([(fin ? 0x80 : 0) | opcode]),
    size,
    mask ? Buffer.from([1, 2, 3, 4]) : Buffer.alloc(0),
    // what would be a Close frame if it were taken for a header
    Buffer.alloc(length, 0x88),
  ]);
}

function bigEndian(length: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(length));
  return bytes;
}

const LENGTHS = [0, 1, 125, 126, 65_535, 65_536, 70_000];

for (const mask of [false, true])
  test(`frames of every form of length are told apart, ${mask ? "masked" : "unmasked"}, however they are cut`, () => {
    for (const piece of [1, 2, 3, 7, 1_000, 1_000_000]) {
      const reader = new FrameReader();
      let frames = 0;
      for (const length of LENGTHS) {
        const bytes = frame(2, length, { mask });
        for (let at = 0; at < bytes.length; at += piece) {
          reader.take(bytes.subarray(at, at + piece));
          assert.equal(
            reader.atBoundary,
            at + piece >= bytes.length,
            `${length} bytes, cut at ${at + piece}`,
          );
        }
        frames += 1;
        assert.equal(reader.dataFrames, frames);
      }
      assert.equal(reader.closed, false);
    }
  });

test("several frames of one chunk count each, and control frames are no data", () => {
  const reader = new FrameReader();
  reader.take(Buffer.concat([frame(9, 4), frame(1, 10, { fin: false }), frame(10, 0), frame(0, 200)]));
  assert.equal(reader.dataFrames, 2);
  assert.equal(reader.atBoundary, true);
  reader.take(frame(8, 2));
  assert.equal(reader.closed, true);
});

test("a Close frame holds its code and a reason of whole characters in at most 125 bytes", () => {
  const frameOf = closeFrame(1008, "ended");
  assert.deepEqual([...frameOf.subarray(0, 4)], [0x88, 7, 0x03, 0xf0]);
  assert.equal(frameOf.subarray(4).toString(), "ended");
  const long = closeFrame(1001, "€".repeat(100));
  assert.ok(long.length <= 127);
  assert.match(long.subarray(4).toString(), /^€+$/);
  const reader = new FrameReader();
  reader.take(long);
  assert.ok(reader.atBoundary && reader.closed);
});
