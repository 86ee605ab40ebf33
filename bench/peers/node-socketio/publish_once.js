// Publishes one event as a Node.js back end does; for publisher/capture_template.py.
//
//   node publish_once.js REDIS_URL ROOM EVENT PAYLOAD_JSON
"use strict";

const { Emitter } = require("@socket.io/redis-emitter");
const { createClient } = require("redis");

async function main() {
  const [url, room, event, payload] = process.argv.slice(2);
  const client = createClient({ url });
  await client.connect();
  new Emitter(client).to(room).emit(event, JSON.parse(payload));
  await client.close(); // answers what is pending first
}

main();
