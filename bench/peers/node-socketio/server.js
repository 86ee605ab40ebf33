// The platform's gateway as one would write it with Socket.IO: a token at CONNECT, a room for each challenge that the
// user owns, events from Redis by the adapter, or from a publisher in this process (publisher.js).
//
//   node server.js --port P --secret-file F (--redis URL | --publish PAYLOAD_JSON --rooms N)
//                  [--tls-certificate F --tls-key F] [--deflate]
"use strict";

const { createHmac, timingSafeEqual } = require("node:crypto");
const { readFileSync } = require("node:fs");
const http = require("node:http");
const https = require("node:https");
const { parseArgs } = require("node:util");
const { createAdapter } = require("@socket.io/redis-adapter");
const { createClient } = require("redis");
const { Server } = require("socket.io");
const { takeCommands } = require("./publisher.js");

const TOKEN_AGE_SECONDS_MAX = 3600;

/** The claims of an HS256 token; throws when it is malformed, forged, expired or too old. */
function verifyToken(token, secret) {
  const [header, claims, signature, ...rest] = String(token).split(".");
  if (signature === undefined || rest.length > 0) throw new Error("malformed token");
  if (JSON.parse(Buffer.from(header, "base64url")).alg !== "HS256") throw new Error("algorithm");
  const expected = createHmac("sha256", secret).update(`${header}.${claims}`).digest();
  const given = Buffer.from(signature, "base64url");
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw new Error("signature");
  const parsed = JSON.parse(Buffer.from(claims, "base64url"));
  const now = Math.floor(Date.now() / 1000);
  if (!(parsed.exp > now) || !(parsed.iat > now - TOKEN_AGE_SECONDS_MAX)) throw new Error("expired");
  if (typeof parsed.user_id !== "string") throw new Error("user_id");
  return parsed;
}

/**
 * Who owns what, as bench data has it: user-N owns bench-N.
 * A lookup in memory: this peer never waits for a database.
 */
function owns(userId, challengeId) {
  return challengeId.startsWith("bench-") && challengeId.slice("bench-".length) === userId.slice("user-".length);
}

/** The adapter that takes events from Redis; without an address the library's own, in memory. */
async function redisAdapter(url) {
  if (url === undefined) return undefined;
  const publisher = createClient({ url });
  const subscriber = publisher.duplicate();
  await Promise.all([publisher.connect(), subscriber.connect()]);
  return createAdapter(publisher, subscriber);
}

function makeHttpServer(certificate, key) {
  if (certificate === undefined) return http.createServer();
  return https.createServer({ cert: readFileSync(certificate), key: readFileSync(key) });
}

function serve(io, secret) {
  io.use((socket, next) => {
    try {
      socket.data.userId = verifyToken(socket.handshake.auth.token, secret).user_id;
      next();
    } catch (error) {
      next(error);
    }
  });
  io.on("connection", (socket) => {
    socket.on("join_challenge", async (request) => {
      const challengeId = request?.challenge_id;
      if (typeof challengeId !== "string" || !owns(socket.data.userId, challengeId)) {
        socket.emit("error", { message: "not your challenge" });
        return;
      }
      await socket.join(`challenge_${challengeId}`);
      socket.emit("joined_challenge", { challenge_id: challengeId });
    });
  });
}

async function main() {
  const text = { type: "string" };
  const { values } = parseArgs({
    options: {
      port: text, redis: text, "secret-file": text, publish: text, rooms: text, "tls-certificate": text,
      "tls-key": text, deflate: { type: "boolean", default: false },
    },
  });
  const server = makeHttpServer(values["tls-certificate"], values["tls-key"]);
  const io = new Server(server, {
    adapter: await redisAdapter(values.redis),
    serveClient: false,
    // An event is smaller than what is compressed by default. As elsewhere, no memory is kept for each connection.
    perMessageDeflate: values.deflate
      ? { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true }
      : false,
  });
  serve(io, readFileSync(values["secret-file"], "utf8").trim());
  server.listen({ port: Number(values.port), host: "127.0.0.1", backlog: 4096 }, () => {
    if (values.publish === undefined) return;
    console.log(JSON.stringify({ listening: `127.0.0.1:${values.port}` }));
    takeCommands(io, JSON.parse(readFileSync(values.publish, "utf8")), Number(values.rooms));
  });
}

main();
