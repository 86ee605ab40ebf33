// How long it takes from a revocation to the end of the connections: many WebSockets, one request.
//
//   node tests/measure/revocation.mjs [CONNECTIONS]        OUTCRY_BINARY: out/release/outcry
//
// One user with all of them, then as many users revoked one by one, each by his token's jti.

// Clients are bare sockets, so that what is measured is when a close frame arrives and not how soon a
// library gets round to ten thousand of them.

import http from "node:http";
import net from "node:net";
import { API_KEY, Gateway, accessTokenOf } from "../support/gateway.mjs";

const CONNECTIONS = Number(process.argv[2] ?? 10_000);
const AT_ONCE = 200;

async function inTurns(count, start) {
  for (let first = 0; first < count; first += AT_ONCE) {
    const size = Math.min(AT_ONCE, count - first);
    await Promise.all(Array.from({ length: size }, (_, i) => start(first + i)));
  }
}

const CLOSE = 0x8;

/** Opcode and payload of each whole frame of a server in `octets`, and what is left of them. */
function framesOf(octets) {
  const frames = [];
  let at = 0;
  while (octets.length >= at + 2) {
    const short = octets[at + 1];
    const header = short === 126 ? 4 : 2;
    if (octets.length < at + header) break;
    const size = short === 126 ? octets.readUInt16BE(at + 2) : short;
    if (octets.length < at + header + size) break;
    const payload = octets.subarray(at + header, at + header + size);
    frames.push({ opcode: octets[at] & 0xf, payload });
    at += header + size;
  }
  return { frames, rest: octets.subarray(at) };
}

/** A text frame of a client; the mask is zero, which changes nothing. */
function clientFrame(text) {
  const payload = Buffer.from(text);
  const size = payload.length;
  const length = size < 126 ? [0x80 | size] : [0x80 | 126, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([0x81, ...length, 0, 0, 0, 0]), payload]);
}

/** Connected, and told when the server closes it. */
function connect(gateway, token, onEnd) {
  const socket = net.connect(gateway.port, "127.0.0.1");
  socket.write(
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\n" +
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
  socket.write(clientFrame(`40${JSON.stringify({ token })}`));
  return new Promise((resolve, reject) => {
    let waiting = Buffer.alloc(0);
    let upgraded = false;
    socket.on("error", reject);
    socket.on("data", (chunk) => {
      waiting = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk]);
      if (!upgraded) {
        const end = waiting.indexOf("\r\n\r\n");
        if (end < 0) return;
        if (!waiting.toString("latin1").startsWith("HTTP/1.1 101")) return reject(new Error("refused"));
        upgraded = true;
        waiting = waiting.subarray(end + 4);
      }
      const { frames, rest } = framesOf(waiting);
      waiting = rest;
      for (const { opcode, payload } of frames) {
        if (opcode === CLOSE) {
          onEnd(payload.readUInt16BE(0));
          socket.end();
          continue;
        }
        const text = payload.toString();
        if (text === "2") socket.write(clientFrame("3"));
        if (text.startsWith("40{")) resolve();
        if (text.startsWith("44")) reject(new Error(text));
      }
    });
  });
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });

function post(gateway, body) {
  const text = JSON.stringify(body);
  const headers = {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(text),
    "X-API-Key": API_KEY,
  };
  return new Promise((resolve, reject) => {
    const options = { method: "POST", agent, headers };
    const request = http.request(`${gateway.operations}/v1/revoke`, options, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode));
    });
    request.on("error", reject);
    request.end(text);
  });
}

async function measure(name, tokens, revoke) {
  const limits = { user_sockets_max: CONNECTIONS };
  const gateway = await Gateway.start({
    config: { server: { workers: 2 }, limits, recovery: { enabled: false } },
  });
  try {
    const times = [];
    const codes = new Map();
    let finished;
    const all = new Promise((resolve) => (finished = resolve));
    const onEnd = (code) => {
      times.push(performance.now());
      codes.set(code, (codes.get(code) ?? 0) + 1);
      if (times.length === CONNECTIONS) finished();
    };
    await inTurns(CONNECTIONS, (i) => connect(gateway, tokens[i], onEnd));
    const begun = performance.now();
    const answered = revoke(gateway).then(() => performance.now() - begun);
    await all;
    const at = (share) => (times[Math.max(Math.ceil(share * times.length) - 1, 0)] - begun).toFixed(0);
    const seen = [...codes].map(([code, count]) => `${count} × ${code}`).join(", ");
    console.log(
      `${name}: ${seen}; first ${at(0)} ms, median ${at(0.5)} ms, last ${at(1)} ms;` +
        ` request answered after ${(await answered).toFixed(0)} ms`,
    );
  } finally {
    await gateway.stop();
  }
}

const many = (token) => Array.from({ length: CONNECTIONS }, (_, i) => token(i));
await measure(
  "one user, one request",
  many((i) => accessTokenOf("u", { jti: `j${i}` })),
  (gateway) => post(gateway, { user: "u" }),
);
await measure(
  "one request for each",
  many((i) => accessTokenOf(`u${i}`, { jti: `j${i}` })),
  (gateway) => inTurns(CONNECTIONS, (i) => post(gateway, { jti: `j${i}` })),
);
process.exit(0);
