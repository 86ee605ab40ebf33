// chaos/population.mjs: stock Socket.IO clients and the publishers of their rooms.

import { setTimeout as sleep } from "node:timers/promises";
import { io } from "socket.io-client";
import { roomOf, tokenOf } from "../support/gateway.mjs";
import { eventOf } from "./ledger.mjs";
import { makeRandom } from "./random.mjs";

/** `users` traders, each with a challenge: what Gateway.start() takes as people. */
export function makeTraders(users) {
  const people = {};
  for (let i = 0; i < users; ++i) {
    people[`trader${i}`] = { user: `trader-${i}`, challenge: `c${i}`, second: `d${i}` };
  }
  return people;
}

/** One browser's worth: joins its trader's room, and relies on recovery from then on. */
class Trader {
  constructor(url, person, viewer, options) {
    this.viewer = viewer;
    this.recoveries = 0;
    this.connectedAt = 0;
    this.person = person;
    const now = Math.floor(Date.now() / 1000);
    this.socket = io(url, {
      auth: { token: tokenOf(person.user, { iat: undefined, exp: now + 86_400 }) },
      transports: ["websocket"],
      forceNew: true,
      reconnectionDelay: 50,
      reconnectionDelayMax: 400,
      ...options,
    });
    this.socket.on("risk_alert", (data) => this.viewer.saw(data));
    this.socket.on("resync_required", ({ reason }) => this.viewer.resynced(reason));
    this.open = new Set();
    this.socket.io.on("open", () => {
      const { ws } = this.socket.io.engine.transport;
      this.open.add(ws);
      ws.on("close", () => this.open.delete(ws));
    });
    this.joined = new Promise((resolve, reject) => {
      this.socket.once("connect_error", reject);
      this.socket.on("connect", () => {
        this.connectedAt = performance.now();
        if (this.socket.recovered) ++this.recoveries;
        else this.#join(resolve, reject);
      });
    });
  }

  close() {
    this.socket.close();
    // Of those that ended in a partition some wait for an answer for half a minute.
    for (const ws of this.open) ws.terminate();
  }

  #join(resolve, reject) {
    this.socket.emit("join_challenge", { challenge_id: this.person.challenge }, (answer) => {
      if (answer.status !== "ok") return reject(new Error(JSON.stringify(answer)));
      this.viewer.joined();
      resolve();
    });
  }
}

/** Sends a room's events, one after the other, each until it is accepted. */
class RoomPublisher {
  constructor(gateway, ledger, room, { pause, random }) {
    this.gateway = gateway;
    this.ledger = ledger;
    this.room = room;
    this.pause = pause;
    this.random = random;
    this.retries = 0;
    this.stopping = false;
  }

  async run() {
    for (let n = 1; !this.stopping; ++n) {
      await this.#publish(n);
      this.ledger.accepted(this.room, n);
      await sleep(this.pause * (0.5 + this.random()));
    }
  }

  // Always with the same id: whether an answer was lost on its way is the gateway's to know.
  async #publish(n) {
    const data = eventOf(this.room, n);
    const event = { room: this.room, event: "risk_alert", data, id: `${this.room}/${n}` };
    for (;;) {
      const answer = await this.gateway.post("/v1/publish", event).catch(() => undefined);
      if (answer?.status === 200) return;
      if (answer && answer.status < 500) throw new Error(`${answer.status} ${answer.body}`);
      ++this.retries;
      await sleep(20 + 60 * this.random());
    }
  }
}

export class Population {
  /** `clients` browsers of `gateway`'s people, who reach it at `url`; every room gets a publisher. */
  constructor(gateway, ledger, { clients, url = gateway.url, pause = 500, seed = 1 }) {
    const random = makeRandom(seed);
    const people = Object.values(gateway.people);
    this.ledger = ledger;
    this.traders = Array.from({ length: clients }, (_, i) => {
      const person = people[i % people.length];
      return new Trader(url, person, ledger.viewer(`client ${i}`, roomOf(person.challenge)));
    });
    const rooms = new Set(this.traders.map((trader) => trader.viewer.room));
    this.publishers = [...rooms].map(
      (room) => new RoomPublisher(gateway, ledger, room, { pause, random }),
    );
  }

  async join() {
    await Promise.all(this.traders.map((trader) => trader.joined));
  }

  publish() {
    this.running = this.publishers.map((publisher) => publisher.run());
    for (const run of this.running) run.catch((error) => (this.failure ??= error));
  }

  get connected() {
    return this.traders.every((trader) => trader.socket.connected);
  }

  /** Publishers finish the event that they are at. */
  async stopPublishing() {
    for (const publisher of this.publishers) publisher.stopping = true;
    await Promise.all(this.running);
  }

  close() {
    for (const trader of this.traders) trader.close();
  }
}
