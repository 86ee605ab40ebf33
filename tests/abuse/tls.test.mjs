// Hostility below HTTP, on a port that speaks TLS: records that are none, hellos that are odd, old
// or endless, handshakes begun and left, and what may not follow one. The answer of each row is how
// the server ends it: an alert's number (RFC 8446 §6), the status of an answer in plain HTTP, or a
// close without a word. "hello": it goes on with the handshake, and closes when nothing follows.

import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { after, before, describe } from "node:test";
import tls from "node:tls";
import { Certificates } from "../support/certificates.mjs";
import { eventually } from "../support/process.mjs";
import { exchangeRaw, statusOf, within } from "../support/wire.mjs";
import { Target, tellCount, withstand } from "./support/target.mjs";

const REQUEST_MS = 500;
const ALERT = 21;
const HANDSHAKE = 22;
let certificates, target;

before(async () => {
  certificates = new Certificates();
  target = await Target.start({
    certificates,
    client: { ca: certificates.root },
    config: { server: { request_timeout_ms: REQUEST_MS } },
  });
});
after(async () => {
  await target?.stop();
  certificates.remove();
});
tellCount("tls");

// ---- What is sent

const u16 = (value) => Buffer.from([value >> 8, value & 0xff]);
const withLength = (bytes, octets) => {
  const length = Buffer.alloc(bytes);
  length.writeUIntBE(octets.length, 0, bytes);
  return Buffer.concat([length, octets]);
};
const record = (octets, { type = HANDSHAKE, version = 0x0301, length = octets.length } = {}) =>
  Buffer.concat([Buffer.from([type]), u16(version), u16(length), octets]);
const extension = (type, octets) => Buffer.concat([u16(type), withLength(2, octets)]);
const nameOf = (octets, type = 0) => Buffer.concat([Buffer.from([type]), withLength(2, octets)]);
const serverName = (...names) => extension(0, withLength(2, Buffer.concat(names)));
const named = (octets) => ({ extensions: [serverName(nameOf(Buffer.from(octets, "latin1")))] });

const GROUPS = extension(10, withLength(2, Buffer.concat([u16(0x17), u16(0x1d)])));
const SIGNATURES = extension(13, withLength(2, Buffer.concat([u16(0x0403), u16(0x0804)])));
const STRONG = [0xc02b, 0xc02c, 0xcca9];

/** A ClientHello's message, of TLS 1.2 unless it says otherwise. */
function hello({
  version = 0x0303,
  ciphers = STRONG,
  compressions = [0],
  session = Buffer.alloc(0),
  extensions = [],
} = {}) {
  const all = Buffer.concat([GROUPS, SIGNATURES, ...extensions]);
  const body = Buffer.concat([
    u16(version),
    Buffer.alloc(32, 7),
    withLength(1, session),
    withLength(2, Buffer.concat(ciphers.map(u16))),
    withLength(1, Buffer.from(compressions)),
    withLength(2, all),
  ]);
  return Buffer.concat([Buffer.from([1]), withLength(3, body)]);
}
const helloRecord = (options) => record(hello(options));

// ---- What comes back

function answerOf(octets) {
  if (octets.length === 0) return "closed";
  if (octets[0] === ALERT) return octets[6];
  if (octets[0] === HANDSHAKE) return "hello";
  return statusOf(octets.toString("latin1"));
}

const sendTo = async ({ port }, octets, options) =>
  answerOf(Buffer.from(await exchangeRaw(port, octets, options), "latin1"));

describe("records", () => {
  withstand(
    () => target,
    [
      ["nothing, and the end", "closed", Buffer.alloc(0), { halfClose: true }],
      ["one octet, and the end", "closed", Buffer.from([HANDSHAKE]), { halfClose: true }],
      ["zeros", "closed", Buffer.alloc(64)],
      ["ones", "closed", Buffer.alloc(64, 0xff)],
      ["text", "closed", Buffer.from("let me in, let me in, let me in\n")],
      ["SSH", "closed", Buffer.from("SSH-2.0-OpenSSH_9.2\r\n")],
      ["plain HTTP", 400, Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n")],
      ["a plain POST", 400, Buffer.from("POST /socket.io/ HTTP/1.1\r\nHost: x\r\n\r\n")],
      ["HTTP/2 in the plain", "closed", Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")],
      ["a PROXY header", "closed", Buffer.from("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n")],
      ["a hello of SSL 2", 50, Buffer.from(`802e0100020015${"00".repeat(41)}`, "hex")],
      ["a record of no type", 10, record(Buffer.alloc(4), { type: 0 })],
      ["an alert", 10, record(Buffer.from([2, 40]), { type: ALERT })],
      ["data before the handshake", 10, record(Buffer.alloc(20), { type: 23 })],
      ["a heartbeat that says 16 KB", 10, record(Buffer.from("014000", "hex"), { type: 24 })],
      ["a cipher's change", 10, record(Buffer.from([1]), { type: 20 })],
      ["an empty record", "closed", record(Buffer.alloc(0))],
      ["1,000 empty records", 10, Buffer.concat(Array(1_000).fill(record(Buffer.alloc(0))))],
      ["a record of 65,535 octets", 22, record(Buffer.alloc(100), { length: 0xffff })],
      ["a record of 16,641 octets", "closed", record(Buffer.alloc(100), { length: 16_641 })],
      ["a record of version 9.9", "closed", record(hello(), { version: 0x0909 })],
      ["a message of 16 MB", 47, record(Buffer.from("01ffffff0303", "hex"))],
      ["a message that is no hello", 10, record(Buffer.from("0200000100", "hex"))],
      ["half a hello, and the end", "closed", helloRecord().subarray(0, 40), { halfClose: true }],
      ["half a hello, and silence", "closed", helloRecord().subarray(0, 40)],
      ["two hellos", "hello", Buffer.concat([helloRecord(), helloRecord()])],
      ["a hello and text", "hello", Buffer.concat([helloRecord(), Buffer.from("let me in")])],
      [
        "a hello in records of one octet",
        "hello",
        Buffer.concat([...hello()].map((octet) => record(Buffer.from([octet])))),
      ],
    ],
    sendTo,
  );
});

describe("hellos", () => {
  const label = "a".repeat(63);
  const longest = `${label}.${label}.${label}.${"a".repeat(63)}`; // 255 octets
  withstand(
    () => target,
    [
      ["a good one", "hello", helloRecord()],
      ["SSL 3", 40, helloRecord({ version: 0x0300 })],
      ["TLS 1.0", 70, helloRecord({ version: 0x0301 })],
      ["TLS 1.1", 70, helloRecord({ version: 0x0302 })],
      ["an older version than it could", 86, helloRecord({ ciphers: [...STRONG, 0x5600] })],
      ["ciphers of no strength", 40, helloRecord({ ciphers: [0x0005, 0x000a, 0x0003, 0x0001] })],
      ["nobody's certificate", 40, helloRecord({ ciphers: [0xc018, 0x0034, 0x006c] })],
      ["no forward secrecy", 40, helloRecord({ ciphers: [0x009c, 0x002f] })],
      ["no cipher", 47, helloRecord({ ciphers: [] })],
      ["7,000 unknown ciphers", 40, helloRecord({ ciphers: Array(7_000).fill(1) })],
      ["compression", "hello", helloRecord({ compressions: [1, 0] })],
      ["compression alone", 50, helloRecord({ compressions: [1] })],
      ["a session of 33 octets", 50, helloRecord({ session: Buffer.alloc(33) })],
      [
        "a ticket of ours that is none",
        "hello",
        helloRecord({
          extensions: [extension(35, Buffer.alloc(200, 9))],
        }),
      ],
      ["an extension twice", 47, helloRecord({ extensions: [GROUPS] })],
      [
        "500 unknown extensions",
        "hello",
        helloRecord({
          extensions: Array.from({ length: 500 }, (_, at) =>
            extension(0x5000 + at, Buffer.alloc(4)),
          ),
        }),
      ],
      ["a name of 255 octets", "hello", helloRecord(named(longest))],
      ["a name of 256 octets", 112, helloRecord(named(`${longest}a`))],
      ["a name of 15,000 octets", 112, helloRecord(named("a".repeat(15_000)))],
      ["an empty name", "hello", helloRecord(named(""))],
      ["a name with a NUL", 112, helloRecord(named("localhost\0.evil.example"))],
      ["a name of odd octets", "hello", helloRecord(named("\xff\xfe../../etc/passwd\n"))],
      ["an address for a name", "hello", helloRecord(named("127.0.0.1"))],
      [
        "a name of another kind",
        50,
        helloRecord({
          extensions: [serverName(nameOf(Buffer.from("localhost"), 9))],
        }),
      ],
      [
        "two names",
        50,
        helloRecord({
          extensions: [
            serverName(nameOf(Buffer.from("a.example")), nameOf(Buffer.from("b.example"))),
          ],
        }),
      ],
    ],
    sendTo,
  );
});

describe("after a handshake", () => {
  /** A connection over TLS and the TCP connection below it. */
  async function connected({ port }, options = {}) {
    const below = net.connect(port, "127.0.0.1");
    below.on("error", () => {});
    const above = tls.connect({
      socket: below,
      ca: certificates.root,
      servername: "localhost",
      ...options,
    });
    above.on("error", () => {});
    await within(once(above, "secureConnect"), "the handshake");
    return { above, below };
  }
  const closed = async (below) => {
    below.resume();
    if (!below.destroyed) await within(once(below, "close"), "the end of the connection");
    return "closed";
  };

  withstand(
    () => target,
    [
      [
        "a record that nobody sealed",
        "closed",
        record(Buffer.alloc(64, 1), { type: 23, version: 0x0303 }),
      ],
      ["plain HTTP", "closed", Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n")],
      ["a second hello", "closed", helloRecord()],
      ["an alert that nobody sealed", "closed", record(Buffer.from([2, 40]), { type: ALERT })],
    ],
    async (attacked, octets) => {
      const { below } = await connected(attacked);
      below.write(octets);
      return closed(below);
    },
  );

  withstand(
    () => target,
    [["renegotiation", "refused"]],
    async (attacked) => {
      const { above, below } = await connected(attacked, { maxVersion: "TLSv1.2" });
      const refused = new Promise((resolve) => {
        above.once("error", () => resolve("refused"));
        above.once("close", () => resolve("refused"));
        above.renegotiate({}, (error) => resolve(error ? "refused" : "renegotiated"));
      });
      const outcome = await within(refused, "an answer to the renegotiation");
      below.destroy();
      return outcome;
    },
  );

  withstand(
    () => target,
    [["a request that ends without a goodbye", "closed"]],
    async (attacked) => {
      const { above, below } = await connected(attacked);
      above.write("GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHo");
      below.end();
      return closed(below);
    },
  );
});

describe("floods", () => {
  /** Opens so many, has `begin` do its part on each, and gives those that the server has not cut off. */
  async function open({ port }, count, begin) {
    const sockets = new Set();
    for (let opened = 0; opened < count; opened += 100) {
      const made = Array.from({ length: 100 }, async () => {
        const socket = net.connect(port, "127.0.0.1");
        socket.on("error", () => {});
        socket.on("data", () => {});
        sockets.add(socket);
        socket.once("close", () => sockets.delete(socket));
        await Promise.race([once(socket, "connect"), once(socket, "close")]);
        begin(socket);
      });
      await within(Promise.all(made), "a batch of connections", 20_000);
    }
    return sockets;
  }

  withstand(
    () => target,
    [
      ["1,000 hellos and then nothing", "cut off", (socket) => socket.write(helloRecord())],
      [
        "1,000 hellos and a reset",
        "cut off",
        (socket) => socket.write(helloRecord(), () => socket.resetAndDestroy()),
      ],
      [
        "1,000 hellos that never end",
        "cut off",
        (socket) => socket.write(helloRecord().subarray(0, 50)),
      ],
      ["1,000 that say nothing", "cut off", () => {}],
    ],
    async (attacked, begin) => {
      const sockets = await open(attacked, 1_000, begin);
      await attacked.serveCanary();
      await eventually("all of them are gone", () => sockets.size === 0, 20_000);
      return "cut off";
    },
  );

  withstand(
    () => target,
    [["200 whole handshakes at once that are left", 200, 200]],
    async ({ port }, count) => {
      const handshakes = Array.from({ length: count }, async () => {
        const socket = tls.connect({ port, host: "127.0.0.1", ca: certificates.root });
        await within(once(socket, "secureConnect"), "a handshake", 20_000);
        socket.destroy();
      });
      const done = await Promise.all(handshakes);
      return done.length;
    },
  );
});
