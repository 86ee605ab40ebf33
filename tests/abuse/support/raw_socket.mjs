// abuse/support/raw_socket.mjs: a WebSocket connection that sends octets as they are given.
//
// A library's client can't send what this one must: it writes any octets, and reads the server's
// frames by itself.

import assert from "node:assert/strict";
import net from "node:net";
import { Inbox, within } from "../../support/wire.mjs";

const CLOSE = 8;
export const ENGINE_PATH = "/socket.io/?EIO=4&transport=websocket";

/**
 * One client frame. `rsv`: the three reserved bits as a number; `form`: 7, 16 or 64, the bits that
 * the length takes; `length`: what the header says, if not the truth.
 */
export function frame(
  payload,
  { opcode = 1, fin = true, rsv = 0, masked = true, form, length } = {},
) {
  const body = Buffer.from(payload);
  const said = BigInt(length ?? body.length);
  const bits = form ?? (said < 126n ? 7 : said < 65_536n ? 16 : 64);
  const head = Buffer.alloc(2 + (bits === 7 ? 0 : bits / 8));
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  head[1] = (masked ? 0x80 : 0) | (bits === 7 ? Number(said) : bits === 16 ? 126 : 127);
  if (bits === 16) head.writeUInt16BE(Number(said), 2);
  if (bits === 64) head.writeBigUInt64BE(said, 2);
  if (!masked) return Buffer.concat([head, body]);
  const mask = Buffer.from([0x12, 0x34, 0x56, 0x78]);
  return Buffer.concat([head, mask, body.map((octet, at) => octet ^ mask[at % 4])]);
}

export const textFrame = (text) => frame(text);
export const binaryFrame = (octets) => frame(octets, { opcode: 2 });

export class RawSocket {
  /** Resolves once the server has switched protocols; its first message is still to be taken. */
  static async open(port, { path = ENGINE_PATH, headers = {} } = {}) {
    const socket = new RawSocket(port);
    const lines = Object.entries({
      Host: `127.0.0.1:${port}`,
      Upgrade: "websocket",
      Connection: "Upgrade",
      "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
      "Sec-WebSocket-Version": "13",
      ...headers,
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.send(`GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
    const head = await within(socket.switched, "the answer to an upgrade");
    assert.match(head, /^HTTP\/1\.1 101 /);
    return socket;
  }

  constructor(port) {
    this.messages = new Inbox();
    this.code = 0;
    this.bytes = Buffer.alloc(0);
    this.tcp = net.connect(port, "127.0.0.1");
    this.tcp.setNoDelay(true);
    this.tcp.on("error", () => {}); // a reset ends the connection as well as a FIN
    this.switched = new Promise((resolve) => (this.resolveSwitched = resolve));
    this.closed = new Promise((resolve) => this.tcp.once("close", resolve));
    this.closed.then(() => this.resolveSwitched?.("the connection ended"));
    this.tcp.on("data", (chunk) => this.#take(chunk));
  }

  #take(chunk) {
    this.bytes = Buffer.concat([this.bytes, chunk]);
    if (this.resolveSwitched) {
      const end = this.bytes.indexOf("\r\n\r\n");
      if (end < 0) return;
      this.resolveSwitched(this.bytes.subarray(0, end).toString("latin1"));
      this.resolveSwitched = undefined;
      this.bytes = this.bytes.subarray(end + 4);
    }
    while (this.#takeFrame());
  }

  #takeFrame() {
    if (this.bytes.length < 2) return false;
    const short = this.bytes[1] & 0x7f;
    const at = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (this.bytes.length < at) return false;
    const size =
      short < 126
        ? short
        : short === 126
          ? this.bytes.readUInt16BE(2)
          : Number(this.bytes.readBigUInt64BE(2));
    if (this.bytes.length < at + size) return false;
    const payload = this.bytes.subarray(at, at + size);
    const opcode = this.bytes[0] & 0x0f;
    if (opcode === CLOSE) this.code = size < 2 ? 1005 : payload.readUInt16BE(0);
    else if (opcode < CLOSE) this.messages.put(payload.toString());
    this.bytes = this.bytes.subarray(at + size);
    return true;
  }

  send(octets) {
    this.tcp.write(octets);
  }

  /** The next message's text. */
  next(what) {
    return this.messages.take(what);
  }

  /** How the server ends this: its close code, 0 if the connection ended without one. */
  async end() {
    try {
      await within(this.closed, "the end of the connection");
    } finally {
      this.tcp.destroy();
    }
    return this.code;
  }

  drop() {
    this.tcp.destroy();
  }
}
