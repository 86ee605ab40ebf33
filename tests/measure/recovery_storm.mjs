// Everybody comes back at once: a gateway that was killed and started again, clients that each missed
// 50 events, and others whose events go on meanwhile.
//
//   node tests/measure/recovery_storm.mjs [CLIENTS]        OUTCRY_BINARY: out/release/outcry
//
// Clients are bare WebSockets that speak Socket.IO; they and the gateway share the machine, and what
// a client's process takes to read 50 events for each of them is in the figures.

import { once } from "node:events";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { Gateway, tokenOf } from "../support/gateway.mjs";

const CLIENTS = Number(process.argv[2] ?? 10_000);
const MISSED = 50;
const AT_ONCE = 500;
const BYSTANDERS = 50;
const LIVE_INTERVAL_MS = 20;
const PATIENCE_MS = 60_000;
const STORM_ROOM = "storm";
const LIVE_ROOM = "live";

class BareClient {
  constructor(gateway, user, room) {
    this.gateway = gateway;
    this.user = user;
    this.room = room;
    this.seen = 0;
    this.latencies = [];
  }

  /** Resolves once it is a member, or once it is what it was. */
  async connect() {
    const url = `ws://127.0.0.1:${this.gateway.port}/socket.io/?EIO=4&transport=websocket`;
    this.socket = new WebSocket(url, { perMessageDeflate: false });
    this.socket.on("error", () => {});
    const ready = new Promise((resolve, reject) => {
      this.socket.on("message", (data) => this.#take(String(data), resolve, reject));
    });
    await once(this.socket, "open");
    const { pid, offset } = this;
    this.socket.send(`40${JSON.stringify({ token: tokenOf(this.user), pid, offset })}`);
    await ready;
  }

  #take(text, resolve, reject) {
    if (text === "2") return this.socket.send("3");
    if (text.startsWith("44")) return reject(new Error(text));
    if (text.startsWith("40{")) {
      const { pid } = JSON.parse(text.slice(2));
      this.recovered = this.pid === pid;
      if (this.recovered) return resolve();
      this.pid = pid;
      return this.socket.send(`42["join_room",{"room":"${this.room}"}]`);
    }
    if (!text.startsWith("42")) return;
    const [event, ...args] = JSON.parse(text.slice(2));
    if (typeof args.at(-1) === "string") this.offset = args.pop();
    if (event === "joined_room") resolve();
    if (event === "tick") this.latencies.push(performance.now() - args[0].at);
    if (event === "note") ++this.seen;
  }
}

async function inTurns(list, start) {
  for (let first = 0; first < list.length; first += AT_ONCE) {
    await Promise.all(list.slice(first, first + AT_ONCE).map(start));
  }
}

const p99 = (values) => values.sort((a, b) => a - b)[Math.floor(0.99 * values.length)]?.toFixed(1);

const gateway = await Gateway.start({
  config: {
    server: { workers: 2 },
    rooms: { public: [STORM_ROOM, LIVE_ROOM] },
    events: { volatile: ["tick"] },
  },
});
gateway.configure({ eventlog: { path: path.join(gateway.directory, "log.db") } });
await gateway.program.stop();
await gateway.restart();

const make = (room, name) => (_, i) => new BareClient(gateway, `${name}${i}`, room);
const clients = Array.from({ length: CLIENTS }, make(STORM_ROOM, "client"));
const bystanders = Array.from({ length: BYSTANDERS }, make(LIVE_ROOM, "bystander"));
await inTurns(clients, (client) => client.connect());
await sleep(1_000); // who was let in is written within 50 ms
await gateway.kill();
await gateway.restart();
for (let n = 1; n <= MISSED; ++n) await gateway.publish(STORM_ROOM, "note", { n });

await inTurns(bystanders, (client) => client.connect());
let live = true;
const publishing = (async () => {
  while (live) {
    await gateway.publish(LIVE_ROOM, "tick", { at: performance.now() });
    await sleep(LIVE_INTERVAL_MS);
  }
})();
const take = () => bystanders.flatMap((client) => client.latencies.splice(0));
await sleep(2_000);
const before = p99(take());

const begun = performance.now();
await inTurns(clients, (client) => client.connect());
const connected = performance.now() - begun;
const patience = performance.now() + PATIENCE_MS;
while (clients.some((client) => client.seen < MISSED) && performance.now() < patience) await sleep(20);
const current = performance.now() - begun;
const during = p99(take());
await sleep(2_000);
const after = p99(take());
live = false;
await publishing;

const count = (test) => clients.filter(test).length;
console.log(`${CLIENTS} clients, each missing ${MISSED} events`);
console.log(
  `recovered: ${count((client) => client.recovered)}; ` +
    `with more or less than they missed: ${count((client) => client.seen !== MISSED)}`,
);
console.log(`all connected after ${connected.toFixed(0)} ms, all current after ${current.toFixed(0)} ms`);
console.log(`p99 of live events: before ${before} ms, meanwhile ${during} ms, after ${after} ms`);
await gateway.stop();
process.exit(0);
