// How long it takes from a revocation to the end of the connections: many WebSockets, one request.
//
//   node tests/measure/revocation.mjs [CONNECTIONS]        OUTCRY_BINARY: out/release/outcry
//
// One user with all of them, then as many users revoked one by one, each by his token's jti.

import { once } from "node:events";
import http from "node:http";
import { WebSocket } from "ws";
import { API_KEY, Gateway, accessTokenOf } from "../support/gateway.mjs";

const CONNECTIONS = Number(process.argv[2] ?? 10_000);
const AT_ONCE = 200;

async function inTurns(count, start) {
  for (let first = 0; first < count; first += AT_ONCE) {
    const size = Math.min(AT_ONCE, count - first);
    await Promise.all(Array.from({ length: size }, (_, i) => start(first + i)));
  }
}

/** Connected, and told when the server has closed it. */
async function connect(gateway, token, onEnd) {
  const url = `ws://127.0.0.1:${gateway.port}/socket.io/?EIO=4&transport=websocket`;
  const socket = new WebSocket(url, { perMessageDeflate: false });
  await once(socket, "open");
  socket.on("close", (code) => onEnd(code));
  socket.on("error", () => {});
  const connected = new Promise((resolve, reject) => {
    socket.on("message", (data) => {
      const text = String(data);
      if (text === "2") socket.send("3");
      if (text.startsWith("40{")) resolve();
      if (text.startsWith("44")) reject(new Error(text));
    });
  });
  socket.send(`40${JSON.stringify({ token })}`);
  await connected;
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
