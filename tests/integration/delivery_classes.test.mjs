// What becomes of events that their reader is too slow for: `must`, `latest` and `volatile`, seen by
// stock clients that stop reading and go on, beside others that keep up.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { Certificates } from "../support/certificates.mjs";
import { Client, disconnectAll } from "../support/clients.mjs";
import { Gateway, roomOf, tokenOf } from "../support/gateway.mjs";
import { eventually, stopAll } from "../support/process.mjs";
import { NodePublisher, RedisServer } from "../support/redis.mjs";

const PATIENCE_MS = 30_000;
const HOUR_MS = 3_600_000;
// Enough that a system's socket buffers, which hold some megabytes, are full before a limit is.
const MUCH = 64 * 1024 * 1024;
const SYMBOLS = ["EURUSD", "GBPUSD", "USDJPY"];

afterEach(disconnectAll);

/** The client, joined to `challenge`, with all its events in `events`. */
async function member(gateway, user, challenge, options) {
  const client = await Client.connect(gateway, tokenOf(user), options);
  await client.join(challenge);
  client.events = [];
  client.socket.onAny((event, data) => client.events.push([event, data]));
  return client;
}

const received = (client, event) =>
  client.events.filter(([name]) => name === event).map(([, data]) => data);

const until = (client, event) =>
  eventually(`${event} arrives`, () => client.has(event), PATIENCE_MS);

/** Makes the client take nothing more; returns what makes it go on. */
const stopReading = {
  websocket(client) {
    const { ws } = client.socket.io.engine.transport;
    ws.pause();
    return () => ws.resume();
  },
  // The answer of the poll under way still comes; the next poll waits.
  polling(client) {
    const { transport } = client.socket.io.engine;
    const { doPoll } = transport;
    let waiting = false;
    transport.doPoll = () => (waiting = true);
    return () => {
      transport.doPoll = doPoll;
      if (waiting) transport.doPoll();
    };
  },
};

/** The sum of a metric over its labels. */
async function metric(gateway, name) {
  let sum = 0;
  for (const [sample, value] of await gateway.metrics()) {
    if (sample === name || sample.startsWith(`${name}{`)) sum += value;
  }
  return sum;
}

/** How much a metric has grown since this call. */
async function growthOf(gateway, name) {
  const before = await metric(gateway, name);
  return async () => (await metric(gateway, name)) - before;
}

const overflows = 'outcry_engine_sessions_closed_total{reason="outbox_overflow"}';

/** Publishes to `room` what fills the buffers on the way, until `full`; returns how many events. */
async function fill(node, room, full) {
  const filling = "x".repeat(32 * 1024);
  let count = 0;
  while (!(await full())) {
    assert.ok(++count * filling.length < MUCH, "a client that doesn't read falls behind");
    await node.emit(room, "filling", filling);
  }
  return count;
}

/**
 * Stops the client, one of `members` of the room, and publishes until something waits for it.
 * Returns what makes it go on.
 */
async function fallBehind(gateway, node, client, room, members = 1) {
  const resume = stopReading[client.transport](client);
  const delivered = await growthOf(gateway, "outcry_deliveries_total");
  const full = async () => (await metric(gateway, "outcry_backlog_bytes")) > 100_000;
  const count = (await fill(node, room, full)) * members;
  await eventually("all of it is queued", async () => (await delivered()) >= count, PATIENCE_MS);
  return resume;
}

const untilNothingWaits = (gateway) =>
  eventually("nothing waits", async () => {
    const sessions = await metric(gateway, "outcry_backlog_sessions");
    return sessions === 0 && (await metric(gateway, "outcry_backlog_bytes")) === 0;
  });

/** Publishes [event, data] in this order; resolves once each is in the outbox of `members`. */
async function burst(gateway, node, room, members, events) {
  const delivered = await growthOf(gateway, "outcry_deliveries_total");
  await Promise.all(events.map(([event, data]) => node.emit(room, event, data)));
  const count = events.length * members;
  await eventually("the burst is queued", async () => (await delivered()) >= count, PATIENCE_MS);
}

/** `rounds` prices of every symbol, and an order between the rounds. */
function market(rounds) {
  const events = [];
  for (let round = 0; round < rounds; ++round) {
    for (const symbol of SYMBOLS) events.push(["quote", { price: round, symbol }]);
    events.push(["order", round]);
  }
  return [...events, ["end", null]];
}

const EVENTS = {
  events: { latest: ["quote", "equity_updated"], volatile: ["cursor"], conflation_ms: HOUR_MS },
  "events.keys": { quote: "symbol" },
};

for (const scheme of ["http", "https"]) {
  describe(`a client that stops reading, ${scheme}`, () => {
    let redis, certificates, gateway, node, ann, connect;
    before(async () => {
      redis = await RedisServer.start();
      const config = { server: { workers: 2 }, engine: { outbox_bytes_max: MUCH }, ...EVENTS };
      // TLS seals ahead: what waits for a reader is then partly out of the outbox already.
      if (scheme === "https") certificates = new Certificates();
      gateway = await Gateway.start({ redis, config, certificates });
      ({ ann } = gateway.people);
      connect = (options) =>
        member(gateway, ann.user, ann.challenge, { ca: certificates?.root, ...options });
      node = await NodePublisher.connect(redis);
      await gateway.untilReady();
    });
    after(async () => {
      await stopAll(node, gateway, redis);
      certificates?.remove();
    });

    for (const transport of Object.keys(stopReading)) {
      describe(`over ${transport}`, () => {
        let slow, fast, room, resume;
        const stop = async () => {
          slow = await connect({ transports: [transport] });
          fast = await connect();
          room = roomOf(ann.challenge);
          resume = await fallBehind(gateway, node, slow, room, 2);
        };

        it("gets the newest of every key and all that must arrive; its neighbour gets all", async () => {
          await stop();
          const superseded = await growthOf(gateway, "outcry_latest_superseded_total");
          const rounds = 100;
          const published = market(rounds);
          await burst(gateway, node, room, 2, published);
          assert.equal(await superseded(), SYMBOLS.length * (rounds - 1));
          await until(fast, "end");
          assert.deepEqual(
            fast.events.filter(([event]) => event !== "filling"),
            published,
          );
          assert.ok(!slow.has("end"));
          resume();
          await until(slow, "end");
          const newest = SYMBOLS.map((symbol) => ["quote", { price: rounds - 1, symbol }]);
          const orders = Array.from({ length: rounds }, (_, round) => ["order", round]);
          assert.deepEqual(
            slow.events.filter(([event]) => event !== "filling"),
            [...orders.slice(0, -1), ...newest, orders.at(-1), ["end", null]],
          );
          assert.equal(received(slow, "filling").length, received(fast, "filling").length);
        });

        it("gets an event of which only the newest matters under all its names", async () => {
          await stop();
          const equity = Array.from({ length: 50 }, (_, i) => [
            "equity_updated",
            { equity: `${i}` },
          ]);
          // Each is delivered twice to each of them; so the end comes by itself.
          await burst(gateway, node, room, 4, equity);
          await burst(gateway, node, room, 2, [["end", null]]);
          await until(fast, "end");
          resume();
          await until(slow, "end");
          for (const name of ["equity_updated", "EQUITY_UPDATED"]) {
            assert.deepEqual(received(slow, name), [{ equity: "49" }]);
            assert.equal(received(fast, name).length, 50);
          }
        });

        it("misses what is volatile; its neighbour doesn't", async () => {
          await stop();
          const dropped = await growthOf(gateway, "outcry_volatile_dropped_total");
          const count = 20;
          for (let i = 0; i < count; ++i) {
            await node.emit(room, "cursor", i);
            node.emitter.volatile.to(room).emit("also volatile", i);
            await node.published;
          }
          await burst(gateway, node, room, 2, [["end", null]]);
          await until(fast, "end");
          resume();
          await until(slow, "end");
          for (const event of ["cursor", "also volatile"]) {
            assert.deepEqual(received(slow, event), []);
            assert.equal(received(fast, event).length, count);
          }
          assert.equal(await dropped(), 2 * count);
          await eventually("one gets through again", async () => {
            await node.emit(room, "cursor", count); // a polling client may be between two polls
            return slow.has("cursor");
          });
        });
      });
    }

    it("gets every event again once it has caught up", async () => {
      const client = await connect();
      const room = roomOf(ann.challenge);
      const resume = await fallBehind(gateway, node, client, room);
      await burst(gateway, node, room, 1, market(5));
      resume();
      await until(client, "end");
      await untilNothingWaits(gateway);
      client.events.length = 0;
      const published = market(50);
      await burst(gateway, node, room, 1, published);
      await eventually("the burst", () => received(client, "end").length === 1, PATIENCE_MS);
      assert.deepEqual(client.events, published);
    });
  });
}

describe("a key that never rests", () => {
  it("gets through: what has waited for conflation_ms keeps its place", async () => {
    const redis = await RedisServer.start();
    const events = { ...EVENTS.events, conflation_ms: 200 };
    const config = { server: { workers: 2 }, ...EVENTS, events };
    const gateway = await Gateway.start({ redis, config });
    const node = await NodePublisher.connect(redis);
    try {
      await gateway.untilReady();
      const { ann } = gateway.people;
      const room = roomOf(ann.challenge);
      const slow = await member(gateway, ann.user, ann.challenge, { transports: ["polling"] });
      const resume = await fallBehind(gateway, node, slow, room);
      const superseded = await growthOf(gateway, "outcry_latest_superseded_total");
      // Much more often than every 200 ms: each is young when the next one comes.
      let price = 0;
      await eventually("one keeps its place", async () => {
        const events = Array.from({ length: 10 }, () => [
          "quote",
          { symbol: "EURUSD", price: ++price },
        ]);
        await burst(gateway, node, room, 1, events);
        return (await superseded()) === price - 2;
      });
      await burst(gateway, node, room, 1, market(100));
      resume();
      await until(slow, "end");
      const prices = received(slow, "quote").filter(({ symbol }) => symbol === "EURUSD");
      assert.equal(prices.length, 2, "one that kept its place, and the newest");
      assert.equal(prices[1].price, 99);
    } finally {
      await stopAll(node, gateway, redis);
    }
  });
});

describe("limits", () => {
  let redis, node;
  before(async () => {
    redis = await RedisServer.start();
    node = await NodePublisher.connect(redis);
  });
  after(() => stopAll(node, redis));

  for (const transport of Object.keys(stopReading)) {
    it(`over its own a client is closed and comes back by itself, ${transport}`, async () => {
      const config = { server: { workers: 2 }, engine: { outbox_bytes_max: 256 * 1024 } };
      const gateway = await Gateway.start({ redis, config });
      try {
        await gateway.untilReady();
        const { ann } = gateway.people;
        const room = roomOf(ann.challenge);
        const slow = await member(gateway, ann.user, ann.challenge, { transports: [transport] });
        const fast = await member(gateway, ann.user, ann.challenge);
        const details = new Promise((resolve) =>
          slow.socket.once("disconnect", (reason, more) => resolve(more)),
        );
        const closed = await growthOf(gateway, overflows);
        const resume = stopReading[transport](slow);
        await fill(node, room, async () => (await closed()) > 0);
        resume();
        if (transport === "websocket") {
          assert.equal(await slow.disconnects.take("the end"), "transport close");
          assert.equal((await details).context.code, 4429);
        } else {
          // Its next poll asks for a session that is over.
          assert.equal(await slow.disconnects.take("the end"), "transport error");
          assert.equal((await details).description, 400);
        }
        await slow.connects.take("the reconnection", PATIENCE_MS);
        await slow.join(ann.challenge);
        await node.emit(room, "welcome back", 1);
        await Promise.all([until(slow, "welcome back"), until(fast, "welcome back")]);
        assert.equal(fast.disconnects.size, 0);
        assert.equal(await closed(), 1);
      } finally {
        await stopAll(gateway);
      }
    });
  }

  it("over the worker's, who holds more than a share is closed, and nobody else", async () => {
    const engine = { outbox_bytes_max: MUCH, backlog_bytes_max: 1024 * 1024 };
    // One worker: the budget is each one's own.
    const gateway = await Gateway.start({ redis, config: { server: { workers: 1 }, engine } });
    try {
      await gateway.untilReady();
      const { ann, bob } = gateway.people;
      const polling = { transports: ["polling"] };
      const modest = await member(gateway, bob.user, bob.challenge, polling);
      const resume = await fallBehind(gateway, node, modest, roomOf(bob.challenge));
      const greedy = await member(gateway, ann.user, ann.challenge, polling);
      const closed = await growthOf(gateway, overflows);
      stopReading.polling(greedy);
      await fill(node, roomOf(ann.challenge), async () => (await closed()) > 0);
      await node.emit(roomOf(bob.challenge), "end", null);
      resume();
      await until(modest, "end");
      assert.equal(modest.disconnects.size, 0);
      assert.equal(await closed(), 1);
      await untilNothingWaits(gateway);
    } finally {
      await stopAll(gateway);
    }
  });
});

describe("an interval between events of one key", () => {
  let redis, gateway, node, ann;
  before(async () => {
    redis = await RedisServer.start();
    const events = { ...EVENTS.events, latest_interval_ms: 200 };
    gateway = await Gateway.start({ redis, config: { server: { workers: 2 }, ...EVENTS, events } });
    ({ ann } = gateway.people);
    node = await NodePublisher.connect(redis);
    await gateway.untilReady();
  });
  after(() => stopAll(node, gateway, redis));

  it("lets the first and the last of many through, and few between", async () => {
    const connect = () => member(gateway, ann.user, ann.challenge);
    const clients = await Promise.all([connect(), connect()]);
    const room = roomOf(ann.challenge);
    const paced = await growthOf(gateway, "outcry_latest_paced_total");
    const count = 50;
    const events = Array.from({ length: count }, (_, price) => price).flatMap((price) => [
      ["quote", { symbol: "EURUSD", price }],
      ["order", price],
    ]);
    await Promise.all(events.map(([event, data]) => node.emit(room, event, data)));
    for (const client of clients) {
      await eventually("the newest", () => received(client, "quote").at(-1)?.price === count - 1);
      const prices = received(client, "quote").map(({ price }) => price);
      assert.equal(prices[0], 0);
      assert.ok(prices.length < count / 2, `${prices}`);
      assert.equal(prices.length + (await paced()), count);
      const rising = [...prices].sort((a, b) => a - b);
      assert.deepEqual(prices, rising);
      assert.equal(received(client, "order").length, count, "what must arrive is not held");
    }
  });

  it("holds no other key back", async () => {
    const client = await member(gateway, ann.user, ann.second);
    const room = roomOf(ann.second);
    await Promise.all(SYMBOLS.map((symbol) => node.emit(room, "quote", { symbol, price: 1 })));
    await node.emit(room, "end", null);
    await until(client, "end");
    assert.deepEqual(
      received(client, "quote").map(({ symbol }) => symbol),
      SYMBOLS,
    );
  });
});

describe("a publisher's join", () => {
  it("is done before the event that follows it", async () => {
    const redis = await RedisServer.start();
    const gateway = await Gateway.start({ redis, config: { server: { workers: 2 } } });
    const node = await NodePublisher.connect(redis);
    try {
      await gateway.untilReady();
      const { ann, bob } = gateway.people;
      // Enough of them that both workers have some.
      const ofAnn = () => member(gateway, ann.user, ann.challenge);
      const clients = await Promise.all(Array.from({ length: 8 }, ofAnn));
      const stranger = await member(gateway, bob.user, bob.challenge);
      for (let i = 0; i < 10; ++i) {
        node.emitter.in(roomOf(ann.challenge)).socketsJoin(`table ${i}`);
        await node.emit(`table ${i}`, "deal", i);
      }
      node.emitter.in(clients[0].socket.id).socketsJoin("alone");
      await node.emit("alone", "only you", 1);
      await node.emit(roomOf(ann.challenge), "end", null);
      for (const client of clients) {
        await until(client, "end");
        assert.deepEqual(
          received(client, "deal"),
          Array.from({ length: 10 }, (_, i) => i),
        );
        assert.equal(received(client, "only you").length, client === clients[0] ? 1 : 0);
      }
      await node.emit(roomOf(bob.challenge), "end", null);
      await until(stranger, "end");
      assert.ok(!stranger.has("deal") && !stranger.has("only you"));
    } finally {
      await stopAll(node, gateway, redis);
    }
  });
});
