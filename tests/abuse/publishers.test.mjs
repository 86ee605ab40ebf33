// What a broken or hostile publisher can put on Redis. Nobody answers a publisher: the answer of
// each row is the counter that tells of it, and for what can't be decoded its reason.

import { randomBytes } from "node:crypto";
import { after, before, describe } from "node:test";
import { eventually } from "../support/process.mjs";
import { CHANNEL } from "../support/redis.mjs";
import { roomOf } from "../support/gateway.mjs";
import { Target, tellCount, withstand } from "./support/target.mjs";

let target;
before(async () => {
  target = await Target.start({ withRedis: true });
});
after(() => target?.stop());
tellCount("publishers");

const UNDECODABLE = /^outcry_publications_undecodable_total\{reason="(.*)"\}$/;
const TOLD_BY = {
  outcry_redis_oversize_total: "oversize",
  outcry_publications_refused_total: "refused",
  outcry_publisher_commands_refused_total: "command refused",
  outcry_publications_total: "accepted",
};

/** Publishes octets; which counter tells of them? */
async function toldOf({ gateway, publisher, redis }, channel, octets) {
  const earlier = await gateway.metrics();
  await publisher.publish(
    Buffer.isBuffer(octets) ? octets : Buffer.from(octets, "latin1"),
    channel,
  );
  const told = await eventually("a counter tells of it", async () => {
    for (const [name, value] of await gateway.metrics()) {
      if (value === (earlier.get(name) ?? 0)) continue;
      const word = UNDECODABLE.exec(name)?.[1] ?? TOLD_BY[name];
      if (word) return word;
    }
    return undefined;
  });
  await gateway.untilReady(); // what is far too big costs the connection to Redis
  return told;
}

const python = (attacked, octets) => toldOf(attacked, CHANNEL, octets);
const node = (attacked, octets, channel = "socket.io#/#") => toldOf(attacked, channel, octets);

// ---- pickles

const u8 = (number) => String.fromCharCode(number);
const u32 = (number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(number);
  return bytes.toString("latin1");
};
const text = (value) => `\x8c${u8(value.length)}${value}`;
const PROTO = "\x80\x04";
const pickle = (opcodes) => `${PROTO}${opcodes}.`;
/** A message to emit, whose data is made by `opcodes`. */
const emitted = (opcodes, more = "") =>
  pickle(
    `}(${text("method")}${text("emit")}${text("event")}${text("x")}${text("data")}${opcodes}` +
      `${text("namespace")}${text("/")}${text("room")}${text("r")}${more}u`,
  );

describe("pickles that would run something", () => {
  const call = `${text("os")}${text("system")}\x93${text("true")}\x85R`;
  withstand(
    () => target,
    [
      ["os.system, protocol 4", "refused opcode", pickle(call)],
      ["os.system as data", "refused opcode", emitted(call)],
      ["os.system, protocol 2", "refused opcode", "\x80\x02cos\nsystem\nX\x04\0\0\0true\x85R."],
      ["os.system, protocol 0", "unknown encoding", "cos\nsystem\n(S'true'\ntR."],
      ["a global", "refused opcode", emitted("cbuiltins\neval\n")],
      [
        "a global from the stack",
        "refused opcode",
        emitted(`${text("builtins")}${text("eval")}\x93`),
      ],
      ["a reduction", "refused opcode", emitted(`${text("x")})R`)],
      ["a build", "refused opcode", emitted("}}b")],
      ["an instance", "refused opcode", emitted("(ios\nsystem\n")],
      ["an object", "refused opcode", emitted("(No")],
      ["a new object", "refused opcode", emitted("N)\x81")],
      ["a new object with keywords", "refused opcode", emitted("N)}\x92")],
      ["an extension", "refused opcode", emitted("\x82\x01")],
      ["an extension of two octets", "refused opcode", emitted("\x83\x01\x01")],
      ["an extension of four octets", "refused opcode", emitted("\x84\x01\0\0\0")],
      ["a persistent id", "refused opcode", emitted("Pid\n")],
      ["a persistent id from the stack", "refused opcode", emitted("NQ")],
      ["a buffer from elsewhere", "refused opcode", emitted("\x97")],
      ["a buffer that is read only", "refused opcode", emitted("N\x98")],
      ["a set", "refused opcode", emitted("\x8f")],
      ["a frozen set", "refused opcode", emitted("(N\x91")],
      ["a number in text", "refused opcode", emitted("I1\n")],
      ["a long number in text", "refused opcode", emitted("L1L\n")],
      ["a string in quotes", "refused opcode", emitted("S'x'\n")],
      ["a duplicate", "refused opcode", emitted("N2")],
      ["a memo by text", "refused opcode", emitted("Np0\n")],
      ["an opcode that nobody knows", "refused opcode", emitted("\xff")],
    ],
    python,
  );
});

describe("pickles that are broken, or too much", () => {
  const laughs = (level) =>
    level === 0
      ? `](${text("ha").repeat(10)}eq\0`
      : `](${laughs(level - 1)}${`h${u8(level - 1)}`.repeat(9)}eq${u8(level)}`;
  withstand(
    () => target,
    [
      ["nothing", "unexpected end of pickle", "\x80"],
      ["a protocol and nothing", "unexpected end of pickle", PROTO],
      ["protocol 0", "pickle protocol", "\x80\0N."],
      ["protocol 1", "pickle protocol", "\x80\x01N."],
      ["protocol 6", "pickle protocol", "\x80\x06N."],
      ["no STOP", "unexpected end of pickle", `${PROTO}N`],
      ["STOP and no value", "stack underflow", `${PROTO}.`],
      ["two values at STOP", "values left over at STOP", pickle("NN")],
      ["octets behind STOP", "bytes after STOP", `${pickle("N")}x`],
      ["no mark", "mark missing", pickle("e")],
      ["a mark at STOP", "stack underflow", pickle("(")],
      ["a memo that is not set", "memo entry not set", pickle("h\x07")],
      ["a memo of 2^32 - 1", "memo entry not set", pickle("j\xff\xff\xff\xff")],
      ["a memo put at 2^32 - 1", "wrong operand", pickle("Nr\xff\xff\xff\xff")],
      ["a member of a list", "wrong operand", pickle("]NNs")],
      ["an element of a dict", "wrong operand", pickle("}Na")],
      ["a list for a key", "wrong operand", pickle("}]Ns")],
      ["a key without a value", "wrong operand", pickle("}(Nu")],
      ["a text of 4 GiB announced", "unexpected end of pickle", `${PROTO}X\xff\xff\xff\xffx`],
      [
        "a text of 2^64 - 1 announced",
        "unexpected end of pickle",
        `${PROTO}\x8d${"\xff".repeat(8)}x`,
      ],
      [
        "octets of 2^63 announced",
        "unexpected end of pickle",
        `${PROTO}\x8e${"\0".repeat(7)}\x80x`,
      ],
      [
        "a number of 600 octets",
        "integer too long",
        emitted(`\x8b${u32(600)}${"\x7f".repeat(600)}`),
      ],
      [
        "a number of 500,000 octets",
        "integer too long",
        emitted(`\x8b${u32(500_000)}${"\x7f".repeat(500_000)}`),
      ],
      ["a number of negative length", "integer too long", emitted("\x8b\xff\xff\xff\xff")],
      ["a list that contains itself", "a container contains itself", emitted("]q\0h\0a")],
      [
        "a dict that contains itself",
        "a container contains itself",
        emitted(`}q\0${text("a")}h\0s`),
      ],
      ["10^12 laughs in 500 octets", "too many values", emitted(laughs(11))],
      [
        "100,000 lists within each other",
        "nested too deeply",
        emitted("]".repeat(100_000) + "a".repeat(99_999)),
      ],
      [
        "100,000 tuples within each other",
        "nested too deeply",
        emitted(`N${"\x85".repeat(100_000)}`),
      ],
      ["500,000 values", "too many values", emitted(`](${"N".repeat(500_000)}e`)],
      ["a million marks", "oversize", emitted("(".repeat(1_100_000))],
      ["900,000 marks", "unexpected end of pickle", PROTO + "(".repeat(900_000)],
      [
        "random octets behind a protocol",
        "refused opcode",
        Buffer.concat([Buffer.from([0x80, 4, 0xff]), randomBytes(500)]),
      ],
    ],
    python,
  );
});

describe("Python's JSON", () => {
  const message = (more) =>
    JSON.stringify({ method: "emit", event: "x", data: 1, namespace: "/", room: "r", ...more });
  const deep = (levels) => "[".repeat(levels) + "]".repeat(levels);
  const placeholder = (num) => ({ _placeholder: true, num });
  withstand(
    () => target,
    [
      ["nothing", "unknown encoding", ""],
      ["text", "unknown encoding", "hello"],
      ["an array", "unknown encoding", "[1]"],
      ["a cut object", "unexpected end of JSON", '{"method":"emit"'],
      ["something behind", "text after value", `${message()}x`],
      ["100,000 levels", "nested too deeply", message().replace("1", deep(100_000))],
      ["500,000 brackets that never close", "nested too deeply", `{"data":${"[".repeat(500_000)}`],
      [
        "100,000 objects within each other",
        "nested too deeply",
        `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`,
      ],
      ["a comment", "unexpected character in JSON", '{"method"/**/:1}'],
      ["single quotes", "unexpected character in JSON", "{'method':1}"],
      ["no method", "wrong method", message({ method: undefined })],
      ["a method that is a number", "wrong method", message({ method: 1 })],
      ["no event", "wrong event", message({ event: undefined })],
      ["an event that is a number", "wrong event", message({ event: 42 })],
      ["an event that is a list", "wrong event", message({ event: ["x"] })],
      ["a room that is an object", "wrong room", message({ room: {} })],
      ["a room within a list within a list", "wrong room", message({ room: [["r"]] })],
      ["a room that is a fraction", "wrong room", message({ room: 1.5 })],
      ["200,000 rooms", "wrong room", message({ room: Array(200_000).fill("r") })],
      ["a namespace that is a number", "wrong namespace", message({ namespace: 1 })],
      ["a namespace that isn't served", "refused", message({ namespace: "/nope" })],
      ["a socket to skip that is an object", "wrong socket id", message({ skip_sid: {} })],
      ["no socket to disconnect", "wrong socket id", '{"method":"disconnect","namespace":"/"}'],
      ["no room to close", "wrong room", '{"method":"close_room","namespace":"/"}'],
      [
        "a room to enter that is a list",
        "wrong room",
        '{"method":"enter_room","sid":"x","room":["a"],"namespace":"/"}',
      ],
      ["binary without data", "wrong attachments", message({ binary: true })],
      [
        "an attachment that is no base64",
        "wrong attachments",
        message({ binary: true, data: [placeholder(0), "!!"] }),
      ],
      [
        "a placeholder beyond them",
        "wrong attachments",
        message({ binary: true, data: [placeholder(7), "AQ=="] }),
      ],
      [
        "a negative placeholder",
        "wrong attachments",
        message({ binary: true, data: [placeholder(-1), "AQ=="] }),
      ],
      [
        "100,000 attachments",
        "wrong attachments",
        message({ binary: true, data: ["x", ...Array(100_000).fill("AQ==")] }),
      ],
      ...[
        "connect",
        "connect_error",
        "disconnect",
        "disconnecting",
        "newListener",
        "removeListener",
      ].map((event) => [`an event named ${event}`, "refused", message({ event, room: null })]),
      [
        "a command of ours that isn't one",
        "command refused",
        message({ event: "outcry:shutdown" }),
      ],
      [
        "a removal of nobody",
        "command refused",
        message({ event: "outcry:remove_member", data: {} }),
      ],
      [
        "a removal in a namespace that isn't served",
        "command refused",
        message({
          event: "outcry:remove_member",
          namespace: "/nope",
          data: { room: "r", user: "u" },
        }),
      ],
      [
        "a command in a namespace that isn't served",
        "command refused",
        '{"method":"disconnect","sid":"x","namespace":"/nope"}',
      ],
      ["an event of 900,000 letters", "accepted", message({ event: "x".repeat(900_000) })],
      ["text that is no UTF-8", "invalid UTF-8", message({ data: "\xff" })],
      ["a little more than message_bytes_max", "oversize", message({ data: "x".repeat(1 << 20) })],
      ["far more than message_bytes_max", "oversize", message({ data: "x".repeat(8 << 20) })],
    ],
    python,
  );
});

describe("Node's msgpack", () => {
  const hex = (digits) => Buffer.from(digits, "hex");
  withstand(
    () => target,
    [
      ["nothing", "unexpected end of msgpack", ""],
      ["an array that is cut", "unexpected end of msgpack", hex("93a7656d6974")],
      ["null", "not a message", hex("c0")],
      ["a reserved octet", "reserved byte", hex("c1")],
      ["2^32 - 1 elements", "unexpected end of msgpack", hex("ddffffffff")],
      ["2^32 - 1 members", "unexpected end of msgpack", hex("dfffffffff")],
      ["a text of 2^32 - 1 octets", "unexpected end of msgpack", hex("dbffffffff41")],
      ["octets of 2^32 - 1", "unexpected end of msgpack", hex("c6ffffffff41")],
      ["an extension of 2^32 - 1 octets", "unexpected end of msgpack", hex("c9ffffffff00")],
      ["100,000 arrays within each other", "nested too deeply", Buffer.alloc(100_000, 0x91)],
      [
        "100,000 maps within each other",
        "nested too deeply",
        Buffer.from("81a161".repeat(100_000), "hex"),
      ],
      [
        "500,000 values",
        "too many values",
        Buffer.concat([hex("dd0007a120"), Buffer.alloc(500_000, 0xc0)]),
      ],
      ["octets behind", "bytes after the value", hex("c0c0")],
      ["a key that is an array", "wrong kind of key", hex("8190c0")],
      ["an extension that nobody knows", "unknown extension", hex("d47f00")],
      ["a map where a message is due", "not a message", hex("80")],
      ["an array of four", "not a message", hex("94a0808080")],
      ["an array of one", "not a message", hex("91a0")],
      [
        "a packet without data",
        "wrong arguments",
        hex("93a0" + "81a47479706502" + "81a5726f6f6d7390"),
      ],
      [
        "a packet whose data is empty",
        "wrong arguments",
        hex("93a0" + "82a47479706502a46461746190" + "81a5726f6f6d7390"),
      ],
      [
        "an event that is a number",
        "wrong event",
        hex("93a0" + "82a47479706502a4646174619107" + "81a5726f6f6d7390"),
      ],
      ["no rooms", "wrong room", hex("93a0" + "82a47479706502a46461746191a178" + "80")],
      [
        "rooms that are a text",
        "wrong room",
        hex("93a0" + "82a47479706502a46461746191a178" + "81a5726f6f6d73a172"),
      ],
      [
        "a reserved event to everyone",
        "refused",
        hex("93a0" + "82a47479706502a46461746191aa646973636f6e6e656374" + "81a5726f6f6d7390"),
      ],
    ],
    node,
  );
  withstand(
    () => target,
    [
      ["a request that is no JSON", "not a message", "x", "socket.io-request#/#"],
      ["a request that is cut", "unexpected end of JSON", '{"type":2', "socket.io-request#/#"],
      [
        "a request of 100,000 levels",
        "nested too deeply",
        "[".repeat(100_000),
        "socket.io-request#/#",
      ],
      [
        "a request to join nothing",
        "wrong room",
        '{"type":2,"opts":{"rooms":[],"except":[]}}',
        "socket.io-request#/#",
      ],
    ],
    node,
  );
});

describe("storms", () => {
  withstand(
    () => target,
    [
      ["20,000 messages that can't be decoded", "unknown encoding", "x"],
      [
        "20,000 events to a room of nobody's",
        "accepted",
        '{"method":"emit","event":"x","room":"nobody","namespace":"/"}',
      ],
    ],
    async (attacked, octets) => {
      const rest = Array.from({ length: 20_000 }, () => attacked.publisher.publish(octets));
      const told = await python(attacked, octets);
      await Promise.all(rest);
      return told;
    },
  );
  withstand(
    () => target,
    [["an event for the canary's room, from Redis", "accepted"]],
    async (attacked) => {
      const message = { method: "emit", event: "seen", room: roomOf(attacked.ann.challenge) };
      const told = await python(attacked, JSON.stringify({ ...message, namespace: "/" }));
      await attacked.canary.next("seen");
      return told;
    },
  );
});
