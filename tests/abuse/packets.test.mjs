// Engine.IO and Socket.IO packets that break their grammar, or come when they may not. The answer
// of each row is the close code over WebSocket; over polling, the status, and that of the next POST:
// 400 if the session has ended.

import { after, before, describe } from "node:test";
import { SEPARATOR, Session } from "../support/engine_client.mjs";
import { tokenOf } from "../support/gateway.mjs";
import { RawSocket, binaryFrame, textFrame } from "./support/raw_socket.mjs";
import { Target, tellCount, withstand } from "./support/target.mjs";

let target;
before(async () => {
  target = await Target.start({
    config: { engine: { connect_timeout_ms: 500 }, socketio: { namespaces: ["/", "/other"] } },
  });
});
after(() => target?.stop());
tellCount("packets");

const framed = (packet) => (typeof packet === "string" ? textFrame(packet) : binaryFrame(packet));

/** Sends packets before any CONNECT; Buffers go as binary messages. */
async function asStranger({ port }, ...packets) {
  const socket = await RawSocket.open(port);
  await socket.next();
  for (const packet of packets) socket.send(framed(packet));
  return socket.end();
}

/** Sends packets on a connected socket. */
async function asUser(attacked, ...packets) {
  const socket = await attacked.connected();
  for (const packet of packets) socket.send(framed(packet));
  return socket.end();
}

const VIOLATED = 1008;
const UNDECODABLE = 1002;
const LATE = 4408;
const deep = (levels) => "[".repeat(levels) + "]".repeat(levels);
const placeholder = (number) => `{"_placeholder":true,"num":${number}}`;

describe("Engine.IO packets", () => {
  withstand(
    () => target,
    [
      ["an empty packet", UNDECODABLE, ""],
      ["type 7", UNDECODABLE, "7"],
      ["type 9", UNDECODABLE, "9"],
      ["a letter for a type", UNDECODABLE, "x"],
      ["base64 that isn't", UNDECODABLE, "b!!!!"],
      ["base64 without its padding", UNDECODABLE, "bQUI"],
      ["a ping, which is the server's", UNDECODABLE, "2"],
      ["a probe on an open WebSocket", UNDECODABLE, "2probe"],
      ["a NUL", UNDECODABLE, "\0"],
      ["the separator of polling", UNDECODABLE, `${SEPARATOR}`],
      ["a close", 1000, "1"],
      ["1,000 pongs that nobody asked for", LATE, ...Array(1_000).fill("3")],
      ["1,000 noops", LATE, ...Array(1_000).fill("6")],
      ["an open packet", LATE, '0{"sid":"x"}'],
      ["an upgrade on a WebSocket", LATE, "5"],
    ],
    asStranger,
  );
});

describe("Socket.IO packets before CONNECT", () => {
  withstand(
    () => target,
    [
      ["an event", VIOLATED, '42["join_challenge",{"challenge_id":"x"}]'],
      ["an acknowledgement", VIOLATED, "430[]"],
      ["a disconnect", VIOLATED, "41"],
      ["a connect_error", VIOLATED, '44{"message":"x"}'],
      ["a binary event", VIOLATED, `451-["x",${placeholder(0)}]`, Buffer.from([1])],
      ["an attachment", VIOLATED, Buffer.from([1])],
      ["an event in a namespace that isn't served", VIOLATED, '42/nope,["x"]'],
      ["a CONNECT to a namespace that isn't served", LATE, "40/nope,"],
      ["a namespace of 300 octets", VIOLATED, `40/${"n".repeat(300)},`],
      [
        "1,000 namespaces that aren't served",
        LATE,
        ...Array.from({ length: 1_000 }, (_, at) => `40/${at},`),
      ],
      ["a CONNECT with an array", VIOLATED, "40[]"],
      ["a CONNECT with a text", VIOLATED, '40"x"'],
      ["a CONNECT with null", VIOLATED, "40null"],
      ["a CONNECT whose JSON is cut", VIOLATED, '40{"token":"x"'],
      ["a CONNECT whose JSON has an end", VIOLATED, '40{"token":"x"}}'],
      ["a CONNECT of 100,000 levels", 1009, `40{"a":${deep(100_000)}}`],
      ["a CONNECT of 10,000 levels", VIOLATED, `40{"a":${deep(10_000)}}`],
      [
        "a CONNECT with an attachment",
        VIOLATED,
        `451-{"token":${placeholder(0)}}`,
        Buffer.from([1]),
      ],
      ["100 CONNECTs with bad tokens", LATE, ...Array(100).fill('40{"token":"x"}')],
    ],
    asStranger,
  );
});

describe("Socket.IO packets of a socket", () => {
  const event = (text) => `42${text}`;
  withstand(
    () => target,
    [
      ["no type", VIOLATED, "4"],
      ["type 7", VIOLATED, "47"],
      ["a letter for a type", VIOLATED, "4abc"],
      ["a minus for a type", VIOLATED, "4-1"],
      ["a second CONNECT", VIOLATED, "40{}"],
      ["a connect_error", VIOLATED, '44{"message":"x"}'],
      ["a disconnect with data", VIOLATED, "41[]"],
      ["an event without data", VIOLATED, event("")],
      ["an event that is an object", VIOLATED, event("{}")],
      ["an event that is a text", VIOLATED, event('"x"')],
      ["an event without a name", VIOLATED, event("[]")],
      ["an event named null", VIOLATED, event("[null]")],
      ["an event named true", VIOLATED, event("[true]")],
      ["an event named by an object", VIOLATED, event("[{}]")],
      ["an event named by an array", VIOLATED, event('[["x"]]')],
      ...[
        "connect",
        "connect_error",
        "disconnect",
        "disconnecting",
        "newListener",
        "removeListener",
      ].map((name) => [`an event named ${name}`, VIOLATED, event(`["${name}"]`)]),
      ["a reserved name in escapes", VIOLATED, event('["\\u0063onnect"]')],
      ["JSON that is cut", VIOLATED, event('["x"')],
      ["JSON with something behind", VIOLATED, event('["x"]x')],
      ["JSON with a space before", VIOLATED, event(' ["x"]')],
      ["JSON with a comma too many", VIOLATED, event('["x",]')],
      ["JSON with single quotes", VIOLATED, event("['x']")],
      ["NaN", VIOLATED, event('["x",NaN]')],
      ["Infinity", VIOLATED, event('["x",-Infinity]')],
      ["a number with a zero in front", VIOLATED, event('["x",01]')],
      ["a hexadecimal number", VIOLATED, event('["x",0x1]')],
      ["a raw line feed in a text", VIOLATED, event('["x\n"]')],
      ["a NUL in a text", VIOLATED, event('["x\0"]')],
      ["an escape that JSON doesn't know", VIOLATED, event('["\\x41"]')],
      ["half a surrogate pair", VIOLATED, event('["x","\\ud800"]')],
      ["a comment", VIOLATED, event('["x"/**/]')],
      ["33 levels", VIOLATED, event(`["x",${deep(33)}]`)],
      ["400,000 levels", VIOLATED, event(`["x",${deep(400_000)}]`)],
      ["400,000 levels that never close", VIOLATED, event(`["x",${"[".repeat(400_000)}`)],
      ["400,000 objects within each other", VIOLATED, event(`["x",${'{"a":'.repeat(150_000)}`)],
      ["an acknowledgement id of 16 digits", VIOLATED, '421234567890123456["x"]'],
      ["an acknowledgement id of 100,000 digits", VIOLATED, `42${"1".repeat(100_000)}["x"]`],
      ["a negative acknowledgement id", VIOLATED, '42-1["x"]'],
      ["an acknowledgement without an id", VIOLATED, "43[]"],
      ["an acknowledgement that is an object", VIOLATED, "430{}"],
      ["an event in a namespace not joined", VIOLATED, '42/other,["x"]'],
      ["an event in a namespace that isn't served", VIOLATED, '42/nope,["x"]'],
      ["a namespace of 1,000 octets", VIOLATED, `42/${"n".repeat(1_000)},["x"]`],
      ["a namespace without a comma", VIOLATED, '42/other["x"]'],
      ["more than max_payload_bytes in a name", 1009, event(`["${"x".repeat(1_000_001)}"]`)],
    ],
    asUser,
  );
});

describe("attachments", () => {
  const binary = (count, data) => `45${count}-${data}`;
  withstand(
    () => target,
    [
      ["11 of them", VIOLATED, binary(11, '["x"]')],
      ["a million", VIOLATED, binary(1_000_000, '["x"]')],
      ["2^64 of them", VIOLATED, binary("18446744073709551616", '["x"]')],
      ["none of them", VIOLATED, binary(0, '["x"]')],
      ["a negative count", VIOLATED, binary(-1, '["x"]')],
      ["a count with a zero in front", VIOLATED, binary("01", '["x"]')],
      ["a count with a point", VIOLATED, binary("1.5", '["x"]')],
      ["a count with an exponent", VIOLATED, binary("1e3", '["x"]')],
      ["no count", VIOLATED, '45["x"]'],
      ["no dash", VIOLATED, '451["x"]'],
      ["a placeholder beyond them", VIOLATED, binary(1, `["x",${placeholder(1)}]`)],
      ["a negative placeholder", VIOLATED, binary(1, `["x",${placeholder(-1)}]`)],
      [
        "a placeholder of 2^64",
        VIOLATED,
        binary(1, `["x",${placeholder("18446744073709551616")}]`),
      ],
      ["a placeholder that is a text", VIOLATED, binary(1, `["x",${placeholder('"0"')}]`)],
      ["a placeholder that is a fraction", VIOLATED, binary(1, `["x",${placeholder("0.5")}]`)],
      ["a placeholder named length", VIOLATED, binary(1, `["x",${placeholder('"length"')}]`)],
      ["a placeholder without a number", VIOLATED, binary(1, '["x",{"_placeholder":true}]')],
      ["a placeholder for a name", VIOLATED, binary(1, `[${placeholder(0)}]`)],
      ["a placeholder deep inside", VIOLATED, binary(1, `["x",[[{"a":${placeholder(7)}}]]]`)],
      [
        "a text where an attachment is due",
        VIOLATED,
        binary(1, `["x",${placeholder(0)}]`),
        '42["x"]',
      ],
      ["an attachment that wasn't announced", VIOLATED, Buffer.from([1])],
      [
        "one more than announced",
        VIOLATED,
        binary(1, `["x",${placeholder(0)}]`),
        Buffer.from([1]),
        Buffer.from([2]),
      ],
      [
        "attachments that add up to too much",
        VIOLATED,
        binary(2, '["x"]'),
        Buffer.alloc(600_000),
        Buffer.alloc(600_000),
      ],
      ["one that is too big by itself", 1009, binary(1, '["x"]'), Buffer.alloc(1_000_001)],
      ["a binary acknowledgement without an id", VIOLATED, "461-[]", Buffer.from([1])],
      [
        "a reserved name with an attachment",
        VIOLATED,
        binary(1, `["disconnect",${placeholder(0)}]`),
        Buffer.from([1]),
      ],
    ],
    asUser,
  );
});

describe("polling", () => {
  /** POSTs to a connected session: the status of this, and of the next POST. */
  async function posting({ gateway, bob }, body, headers = {}) {
    const session = await Session.open({ http: gateway.url, ws: "" }, "/socket.io/");
    await session.send(`40${JSON.stringify({ token: tokenOf(bob.user) })}`);
    await session.receive();
    const { status } = await session.post(body, headers);
    return [status, (await session.post("6")).status];
  }
  const packets = (...all) => all.join(SEPARATOR);
  withstand(
    () => target,
    [
      ["an empty body", [200, 400], ""],
      ["two separators", [200, 400], packets("6", "", "6")],
      ["a separator at the end", [200, 400], packets("6", "")],
      ["an unknown type between good ones", [200, 400], packets("6", "9", "6")],
      ["a ping", [200, 400], "2"],
      ["a close", [200, 400], "1"],
      ["base64 that isn't", [200, 400], "b!"],
      ["a body that is no UTF-8", [200, 400], Buffer.from([0x34, 0xff])],
      ["octets", [400, 400], "6", { "Content-Type": "application/octet-stream" }],
      ["JSON of the old protocol", [200, 400], "d=6"],
      ["a length of the old protocol", [200, 400], "1:6"],
      ["more than max_payload_bytes", [413, 200], "6".repeat(1_000_001)],
      ["100,000 packets, which are too many", [200, 400], packets(...Array(100_000).fill("6"))],
      [
        "90,000 unknown events, which are too many",
        [200, 400],
        packets(...Array(90_000).fill('42["x"]')),
      ],
    ],
    posting,
  );

  /** POSTs to a connected session: what the next poll gets. */
  async function polling({ gateway, bob }, body) {
    const session = await Session.open({ http: gateway.url, ws: "" }, "/socket.io/");
    await session.send(`40${JSON.stringify({ token: tokenOf(bob.user) })}`);
    await session.receive();
    await session.send(body);
    return session.receive();
  }
  withstand(
    () => target,
    [
      ["an attachment that wasn't announced", packets("6", "1"), "bAQID"],
      ["an event in a namespace that isn't served", packets("6", "1"), '42/nope,["x"]'],
      ["a second CONNECT", packets("6", "1"), "40{}"],
    ],
    polling,
  );
});
