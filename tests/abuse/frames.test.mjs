// WebSocket frames that RFC 6455 and RFC 7692 forbid, and messages without end. The answer of each
// row is the close code that the sender is told; 0: the connection ends without one.

import { after, before, describe } from "node:test";
import { deflateRawSync } from "node:zlib";
import { RawSocket, frame, textFrame } from "./support/raw_socket.mjs";
import { Target, tellCount, withstand } from "./support/target.mjs";

let target;
before(async () => {
  target = await Target.start({
    config: {
      engine: { permessage_deflate: true, connect_timeout_ms: 500, max_payload_bytes: 100_000 },
    },
  });
});
after(() => target?.stop());
tellCount("frames");

const CLOSE = 8;
const PING = 9;
const PONG = 10;

/** Sends the octets on a fresh WebSocket; resolves with how the server ended it. */
async function asStranger({ port }, ...octets) {
  const socket = await RawSocket.open(port);
  await socket.next();
  for (const part of octets) socket.send(part);
  return socket.end();
}

/** The same, once the socket has connected. */
async function asUser(attacked, ...octets) {
  const socket = await attacked.connected();
  for (const part of octets) socket.send(part);
  return socket.end();
}

/** The same, with compression agreed. */
async function deflating({ port }, ...octets) {
  const socket = await RawSocket.open(port, {
    headers: { "Sec-WebSocket-Extensions": "permessage-deflate" },
  });
  await socket.next();
  for (const part of octets) socket.send(part);
  return socket.end();
}

const close = (payload, options) => frame(payload, { opcode: CLOSE, ...options });
const closeWith = (code, reason = "") =>
  close(Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason, "latin1")]));
const fragments = (count, text = "a") =>
  Buffer.concat([
    frame(text, { fin: false }),
    ...Array(count).fill(frame(text, { opcode: 0, fin: false })),
  ]);

describe("headers", () => {
  withstand(
    () => target,
    [
      ["RSV1 without compression", 1002, frame("x", { rsv: 4 })],
      ["RSV2", 1002, frame("x", { rsv: 2 })],
      ["RSV3", 1002, frame("x", { rsv: 1 })],
      ["all reserved bits", 1002, frame("x", { rsv: 7 })],
      ["RSV1 on a ping", 1002, frame("", { opcode: PING, rsv: 4 })],
      ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => [
        `opcode ${opcode}`,
        1002,
        frame("", { opcode }),
      ]),
      ["an unmasked text", 1002, frame("4x", { masked: false })],
      ["an unmasked ping", 1002, frame("", { opcode: PING, masked: false })],
      ["an unmasked close", 1002, frame("", { opcode: CLOSE, masked: false })],
      ["a length of 5 in 16 bits", 1002, frame("hello", { form: 16 })],
      ["a length of 5 in 64 bits", 1002, frame("hello", { form: 64 })],
      ["a length of 1,000 in 64 bits", 1002, frame("x".repeat(1_000), { form: 64 })],
      ["a length of 0 in 16 bits", 1002, frame("", { form: 16 })],
      ["a length of 2^63", 1002, frame("", { form: 64, length: 2n ** 63n })],
      ["a length of 2^64 - 1", 1002, frame("", { form: 64, length: 2n ** 64n - 1n })],
      ["a length of 2^63 - 1", 1009, frame("", { form: 64, length: 2n ** 63n - 1n })],
      ["a length of 2^40", 1009, frame("", { form: 64, length: 2n ** 40n })],
      ["HTTP where frames are due", 1002, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"],
    ],
    asStranger,
  );
});

describe("control frames", () => {
  withstand(
    () => target,
    [
      ["a ping of 126 octets", 1002, frame("x".repeat(126), { opcode: PING })],
      ["a pong of 126 octets", 1002, frame("x".repeat(126), { opcode: PONG })],
      ["a close of 126 octets", 1002, close("x".repeat(126))],
      ["a ping of 70,000 octets", 1002, frame("x".repeat(70_000), { opcode: PING })],
      ["a ping in fragments", 1002, frame("", { opcode: PING, fin: false })],
      ["a close in fragments", 1002, close("", { fin: false })],
      ["a close of one octet", 1002, close("\x03")],
      ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535].map((code) => [
        `close code ${code}`,
        1002,
        closeWith(code),
      ]),
      ["a close reason that is no UTF-8", 1007, closeWith(1000, "\xff")],
      ["a close reason of a cut character", 1007, closeWith(1000, "\xe2\x82")],
      [
        "frames behind a close",
        1000,
        Buffer.concat([closeWith(1000), textFrame("9"), frame("", { opcode: 3 })]),
      ],
      [
        "a close within a message",
        1000,
        Buffer.concat([frame("4", { fin: false }), closeWith(1000)]),
      ],
    ],
    asStranger,
  );
});

describe("fragments", () => {
  withstand(
    () => target,
    [
      ["a continuation of nothing", 1002, frame("x", { opcode: 0 })],
      [
        "a continuation of a whole message",
        1002,
        Buffer.concat([textFrame("6"), frame("x", { opcode: 0 })]),
      ],
      ["a text within a text", 1002, Buffer.concat([frame("4", { fin: false }), textFrame("4")])],
      [
        "a binary within a text",
        1002,
        Buffer.concat([frame("4", { fin: false }), frame("", { opcode: 2 })]),
      ],
      [
        "RSV1 on a continuation",
        1002,
        Buffer.concat([frame("4", { fin: false }), frame("x", { opcode: 0, rsv: 4 })]),
      ],
      ["fragments that add up to too much", 1009, fragments(100, "x".repeat(1_000))],
      ["140,000 empty fragments", 1009, fragments(140_000, "")],
      [
        "a last fragment over the limit",
        1009,
        Buffer.concat([
          frame("x".repeat(60_000), { fin: false }),
          frame("x".repeat(60_000), { opcode: 0 }),
        ]),
      ],
      ["a message that never ends", 4408, frame("4", { fin: false })],
      ["a frame that never ends", 4408, frame("4", { length: 100 })],
      ["a header that never ends", 4408, Buffer.from([0x81, 0xfe])],
      ["nothing at all", 4408, Buffer.alloc(0)],
    ],
    asStranger,
  );
});

describe("text that is no UTF-8", () => {
  const text = (octets) => frame(Buffer.from(octets, "latin1"));
  withstand(
    () => target,
    [
      ["0xFF", 1007, text("4\xff")],
      ["a continuation octet alone", 1007, text("4\x80")],
      ["a slash of two octets", 1007, text("4\xc0\xaf")],
      ["a NUL of three octets", 1007, text("4\xe0\x80\x80")],
      ["a surrogate", 1007, text("4\xed\xa0\x80")],
      ["a code point beyond Unicode", 1007, text("4\xf4\x90\x80\x80")],
      ["five octets", 1007, text("4\xf8\x88\x80\x80\x80")],
      ["a character cut at the end", 1007, text("4\xe2\x82")],
      [
        "a character cut between fragments, then wrong",
        1007,
        Buffer.concat([
          frame(Buffer.from("4\xe2", "latin1"), { fin: false }),
          frame(Buffer.from("\x28\xa1", "latin1"), { opcode: 0 }),
        ]),
      ],
      [
        "a wrong octet in a frame that isn't finished",
        1007,
        Buffer.concat([frame("4", { length: 2 }), Buffer.from([0xff ^ 0x34])]),
      ],
    ],
    asStranger,
  );
});

describe("sizes", () => {
  withstand(
    () => target,
    [["65,537 octets from a stranger", 1009, textFrame("x".repeat(65_537))]],
    asStranger,
  );
  withstand(
    () => target,
    [
      ["more than max_payload_bytes from a user", 1009, textFrame("x".repeat(100_001))],
      ["the same announced only", 1009, frame("", { form: 64, length: 100_001n })],
      ["the same, binary", 1009, frame("x".repeat(100_001), { opcode: 2 })],
    ],
    asUser,
  );
});

describe("compression", () => {
  const deflated = (text, options = {}) =>
    frame(deflateRawSync(Buffer.from(text), { finishFlush: 2 }).subarray(0, -4), {
      rsv: 4,
      ...options,
    });
  const bomb = (bytes) => deflated(Buffer.alloc(bytes, "4"));
  withstand(
    () => target,
    [
      ["what is no DEFLATE", 1007, frame(Buffer.alloc(64, 0xff), { rsv: 4 })],
      ["a reserved block type", 1007, frame(Buffer.from([0x07]), { rsv: 4 })],
      [
        "a stored block whose lengths differ",
        1007,
        frame(Buffer.from([0x00, 0x05, 0x00, 0x00, 0x00]), { rsv: 4 }),
      ],
      [
        "a distance before the beginning",
        1007,
        frame(Buffer.from([0x4b, 0x04, 0x62, 0x00]), { rsv: 4 }),
      ],
      ["65,537 octets from a stranger", 1009, bomb(65_537)],
      ["a bomb of 10 MB", 1009, bomb(10_000_000)],
      ["a bomb of 60 MB", 1009, bomb(60_000_000)],
      [
        "a bomb in fragments",
        1009,
        (() => {
          const bytes = deflateRawSync(Buffer.alloc(10_000_000), { finishFlush: 2 }).subarray(
            0,
            -4,
          );
          const half = bytes.length >> 1;
          return Buffer.concat([
            frame(bytes.subarray(0, half), { rsv: 4, fin: false }),
            frame(bytes.subarray(half), { opcode: 0 }),
          ]);
        })(),
      ],
      ["inflated text that is no UTF-8", 1007, deflated(Buffer.from([0x34, 0xff]))],
      [
        "RSV1 on a continuation",
        1002,
        Buffer.concat([frame("4", { fin: false }), frame("x", { opcode: 0, rsv: 4 })]),
      ],
      ["RSV1 on a close", 1002, close("", { rsv: 4 })],
      ["RSV2 beside RSV1", 1002, frame("x", { rsv: 6 })],
    ],
    deflating,
  );
});
