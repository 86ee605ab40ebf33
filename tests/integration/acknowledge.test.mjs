// Events that clients acknowledge by Socket.IO's own callback: what wasn't comes again.

import assert from "node:assert/strict";
import path from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { Client, TRANSPORTS, VERSIONS, disconnectAll } from "../support/clients.mjs";
import { API_KEY, Gateway, roomOf, tokenOf } from "../support/gateway.mjs";
import { Line } from "../support/line.mjs";
import { eventually, stopAll } from "../support/process.mjs";
import { NodePublisher, RedisServer } from "../support/redis.mjs";
import { fetchText } from "../support/wire.mjs";

afterEach(disconnectAll);

async function startWithLog(config = {}, options = {}) {
  const gateway = await Gateway.start(options);
  gateway.configure({
    eventlog: { path: path.join(gateway.directory, "log.db") },
    events: { acknowledge: ["risk_alert"], aliases: {} },
    ...config,
  });
  await gateway.program.stop();
  await gateway.restart();
  return gateway;
}

/**
 * A new client in the challenge's room. `numbers` are those of the risk alerts that it gets, and
 * `acks` their callbacks, called at once where `answers` says so.
 */
async function member(gateway, user, challenge, { answers = () => false, ...options } = {}) {
  const client = await Client.connect(gateway, tokenOf(user), options);
  client.numbers = [];
  client.acks = new Map();
  client.socket.on("risk_alert", (data, ack) => {
    assert.equal(typeof ack, "function", "the callback is the second argument");
    client.numbers.push(data.n);
    client.acks.set(data.n, ack);
    if (answers(data.n)) ack();
  });
  await client.join(challenge);
  return client;
}

/** What a new client of this user gets when it joins. */
async function comesAgain(gateway, user, challenge, options = {}) {
  const client = await member(gateway, user, challenge, options);
  const { numbers } = client;
  client.close();
  return numbers;
}

const alert = (gateway, challenge, n) =>
  gateway.publish(roomOf(challenge), "risk_alert", { n, challenge_id: challenge });

const until = (client, length) =>
  eventually(`${length} alerts arrive`, () => client.numbers.length >= length);

/** Acknowledgements are answered to nobody; what is asked behind them is. */
const heard = (client) => client.ask("unheard_of");

describe("an event that is to be acknowledged", () => {
  let gateway, ann;
  before(async () => {
    gateway = await startWithLog();
    ({ ann } = gateway.people);
  });
  after(() => gateway.stop());

  for (const version of Object.keys(VERSIONS)) {
    it(`hands its callback to the handler of a stock client (${version})`, async () => {
      const challenge = ann.second;
      const client = await member(gateway, ann.user, challenge, { version, answers: () => true });
      await alert(gateway, challenge, 1);
      await until(client, 1);
      await heard(client);
      client.close();
      assert.deepEqual(await comesAgain(gateway, ann.user, challenge), []);
    });
  }

  for (const [name, transports] of Object.entries(TRANSPORTS)) {
    it(`comes again until it is acknowledged, the first one too (${name})`, async () => {
      const options = { transports };
      const first = await member(gateway, ann.user, ann.challenge, options);
      await alert(gateway, ann.challenge, 1);
      await alert(gateway, ann.challenge, 2);
      await until(first, 2);
      first.close();
      const second = await member(gateway, ann.user, ann.challenge, options);
      assert.deepEqual(second.numbers, [1, 2]);
      second.acks.get(1)();
      await heard(second);
      second.close();
      const third = await member(gateway, ann.user, ann.challenge, {
        ...options,
        answers: () => true,
      });
      assert.deepEqual(third.numbers, [2]);
      await heard(third);
      third.close();
      assert.deepEqual(await comesAgain(gateway, ann.user, ann.challenge, options), []);
    });
  }

  it("isn't acknowledged by a later one", async () => {
    const first = await member(gateway, ann.user, ann.challenge);
    for (const n of [1, 2, 3]) await alert(gateway, ann.challenge, n);
    await until(first, 3);
    first.acks.get(3)();
    first.acks.get(2)();
    await heard(first);
    const second = await member(gateway, ann.user, ann.challenge);
    assert.deepEqual(second.numbers, [1, 2, 3]);
    first.acks.get(1)();
    await heard(first);
    assert.deepEqual(await comesAgain(gateway, ann.user, ann.challenge), []);
  });

  it("is not sent again by a join of who is a member, and ack_events counts for it", async () => {
    const client = await member(gateway, ann.user, ann.challenge);
    const { offset } = await alert(gateway, ann.challenge, 1);
    await until(client, 1);
    await client.join(ann.challenge);
    assert.deepEqual(client.numbers, [1]);
    await client.ask("ack_events", { room: roomOf(ann.challenge), offset });
    assert.deepEqual(await comesAgain(gateway, ann.user, ann.challenge), []);
  });

  it("comes after kill -9 between its delivery and its acknowledgement", async () => {
    const client = await member(gateway, ann.user, ann.second, { reconnection: false });
    await alert(gateway, ann.second, 7);
    await until(client, 1);
    await gateway.kill();
    await gateway.restart();
    assert.deepEqual(await comesAgain(gateway, ann.user, ann.second), [7]);
  });

  it("comes a few times to who never acknowledges, and then no more", async () => {
    const { bob } = gateway.people;
    const client = await member(gateway, bob.user, bob.challenge);
    await alert(gateway, bob.challenge, 1);
    await until(client, 1);
    for (let time = 0; time < 3; ++time) {
      assert.deepEqual(await comesAgain(gateway, bob.user, bob.challenge), [1]);
    }
    assert.deepEqual(await comesAgain(gateway, bob.user, bob.challenge), []);
  });

  it("costs an answer for what wasn't asked nothing", async () => {
    const client = await member(gateway, ann.user, ann.challenge);
    for (const id of [1, 3, 4, 99_999_999_999_999]) {
      client.socket.io._packet({ type: 3, nsp: "/", id, data: [] });
    }
    await heard(client);
    assert.equal(client.socket.connected, true);
  });
});

describe("a stock client that comes back", () => {
  let gateway, line, ann;
  before(async () => {
    gateway = await startWithLog();
    line = await Line.to(gateway.port);
    ({ ann } = gateway.people);
  });
  after(async () => {
    line.close();
    await gateway.stop();
  });

  async function cut(client, meanwhile) {
    const gone = client.disconnects.take("the disconnect");
    client.socket.io.reconnection(false);
    line.cut();
    await gone;
    await meanwhile();
    client.socket.io.reconnection(true);
    client.socket.connect();
    await client.connected();
    assert.equal(client.socket.recovered, true);
  }

  it("gets what it has acknowledged once, for it has its position", async () => {
    const client = await member(line, ann.user, ann.challenge, { answers: () => true });
    await alert(gateway, ann.challenge, 1);
    await until(client, 1);
    await heard(client); // an acknowledgement that the break takes is none
    await cut(client, () => alert(gateway, ann.challenge, 2));
    await until(client, 2);
    await alert(gateway, ann.challenge, 3);
    await until(client, 3);
    await heard(client);
    assert.deepEqual(client.numbers, [1, 2, 3]);
    client.close();
    assert.deepEqual(await comesAgain(gateway, ann.user, ann.challenge), []);
  });

  it("gets again what it hasn't, and a later acknowledgement doesn't pass it by", async () => {
    const client = await member(line, ann.user, ann.second, { answers: (n) => n !== 1 });
    await alert(gateway, ann.second, 1);
    await until(client, 1);
    await cut(client, () => alert(gateway, ann.second, 2));
    await until(client, 3);
    assert.deepEqual(client.numbers, [1, 1, 2]);
    await heard(client);
    assert.deepEqual(await comesAgain(gateway, ann.user, ann.second), [1, 2]);
  });
});

describe("more than a client may owe", () => {
  let gateway, ann;
  before(async () => {
    gateway = await startWithLog({ recovery: { unacknowledged_max: 3 } });
    ({ ann } = gateway.people);
  });
  after(() => gateway.stop());

  it("comes again on the connection after, and is passed by by nothing", async () => {
    const first = await member(gateway, ann.user, ann.challenge, { answers: () => true });
    first.close();
    for (const n of [1, 2, 3, 4, 5]) await alert(gateway, ann.challenge, n);
    const second = await member(gateway, ann.user, ann.challenge, { answers: () => true });
    assert.deepEqual(second.numbers, [1, 2, 3]);
    await alert(gateway, ann.challenge, 6);
    await until(second, 4);
    await heard(second);
    second.close();
    const third = await member(gateway, ann.user, ann.challenge, { answers: () => true });
    assert.deepEqual(third.numbers, [4, 5, 6]);
    await heard(third);
    assert.deepEqual(await comesAgain(gateway, ann.user, ann.challenge), []);
  });
});

describe("a client that is sent more events than it may send packets", () => {
  let gateway, ann;
  before(async () => {
    const limits = { connection_packets_per_second: 1, connection_packets_burst: 10 };
    gateway = await startWithLog({ limits });
    ({ ann } = gateway.people);
  });
  after(() => gateway.stop());

  it("acknowledges them all, and stays", async () => {
    const client = await member(gateway, ann.user, ann.challenge, { answers: () => true });
    for (let n = 1; n <= 50; ++n) await alert(gateway, ann.challenge, n);
    await until(client, 50);
    await heard(client);
    assert.equal(client.socket.connected, true);
    assert.deepEqual(await comesAgain(gateway, ann.user, ann.challenge), []);
  });
});

describe("devices that are told apart", () => {
  let gateway, ann;
  before(async () => {
    gateway = await startWithLog({ recovery: { cursors: "device" } });
    ({ ann } = gateway.people);
  });
  after(() => gateway.stop());

  it("each get what they have not acknowledged", async () => {
    const on = (device, answers = () => false) => ({
      auth: { token: tokenOf(ann.user), device },
      answers,
    });
    const phone = await member(gateway, ann.user, ann.challenge, on("phone", () => true));
    const page = await member(gateway, ann.user, ann.challenge, on("page"));
    await alert(gateway, ann.challenge, 1);
    await until(phone, 1);
    await until(page, 1);
    await heard(phone);
    assert.deepEqual(await comesAgain(gateway, ann.user, ann.challenge, on("phone")), []);
    assert.deepEqual(await comesAgain(gateway, ann.user, ann.challenge, on("page")), [1]);
  });
});

describe("receipts", () => {
  let redis, gateway, publisher, ann;
  before(async () => {
    redis = await RedisServer.start();
    publisher = await NodePublisher.connect(redis);
    const events = { acknowledge: ["risk_alert", "note"], receipts: ["risk_alert"], aliases: {} };
    gateway = await startWithLog({ events }, { redis });
    await gateway.untilReady();
    ({ ann } = gateway.people);
  });
  after(() => stopAll(gateway, publisher, redis));

  const receiptsOf = async (id, query = "") => {
    const url = `${gateway.operations}/v1/events/${encodeURIComponent(id)}/receipts${query}`;
    const { status, body } = await fetchText(url, { headers: { "X-API-Key": API_KEY } });
    return { status, ...JSON.parse(body) };
  };
  /** Once there are so many that look so. */
  const until = (id, count, wanted, query) =>
    eventually(`${count} receipts`, async () => {
      const { receipts } = await receiptsOf(id, query);
      return receipts?.filter(wanted).length === count && receipts;
    });
  const time = (text) => new Date(text).getTime();

  for (const [name, transports] of Object.entries(TRANSPORTS)) {
    it(`say when an event was sent to each socket, and acknowledged (${name})`, async () => {
      const before = Date.now();
      const silent = await member(gateway, ann.user, ann.challenge, { transports });
      const telling = await member(gateway, ann.user, ann.challenge, {
        transports,
        answers: () => true,
      });
      const { id } = await alert(gateway, ann.challenge, 1);
      await until(id, 2, ({ sent }) => sent !== null);
      const receipts = await until(id, 1, ({ acknowledged }) => acknowledged !== null);
      const of = new Map(receipts.map((receipt) => [receipt.sid, receipt]));
      assert.deepEqual([...of.keys()].sort(), [silent.socket.id, telling.socket.id].sort());
      assert.equal(of.get(silent.socket.id).acknowledged, null);
      assert.equal(of.get(silent.socket.id).user, ann.user);
      const { sent, acknowledged } = of.get(telling.socket.id);
      assert.ok(before <= time(sent) && time(sent) <= time(acknowledged));
      assert.ok(time(acknowledged) <= Date.now());
      assert.equal((await receiptsOf(id, "?limit=1")).more, true);
      await eventually("it has come", () => silent.acks.has(1));
      silent.acks.get(1)();
      await until(id, 2, ({ acknowledged }) => acknowledged !== null);
    });
  }

  it("know ack_events, and survive kill -9", async () => {
    const client = await member(gateway, ann.user, ann.second);
    const { id, offset } = await alert(gateway, ann.second, 1);
    await eventually("it has come", () => client.numbers.length > 0);
    await client.ask("ack_events", { room: roomOf(ann.second), offset });
    const written = await until(id, 1, ({ acknowledged }) => acknowledged !== null);
    await gateway.kill();
    await gateway.restart();
    assert.deepEqual((await receiptsOf(id)).receipts, written);
  });

  it("are found by the id of a payload, with its name and room, also after a restart", async () => {
    const room = roomOf(ann.second);
    const client = await member(gateway, ann.user, ann.second, { answers: () => true });
    await publisher.emit(room, "risk_alert", { n: 5, event_id: "e-5" });
    await eventually("it has come", () => client.numbers.includes(5));
    const query = `?event=risk_alert&room=${room}`;
    await until("e-5", 1, ({ acknowledged }) => acknowledged !== null, query);
    await gateway.kill();
    await gateway.restart();
    assert.equal((await receiptsOf("e-5", query)).receipts.length, 1);
    assert.equal((await receiptsOf("e-5")).status, 404);
    assert.equal((await receiptsOf("e-5", "?event=risk_alert&room=elsewhere")).status, 404);
  });

  it("are not to be had of what has none, nor without a key", async () => {
    assert.equal((await receiptsOf("nobody")).status, 404);
    const { id } = await gateway.publish("nowhere", "note", {});
    assert.deepEqual(await receiptsOf(id), { status: 200, receipts: [], more: false });
    const state = await gateway.publish(roomOf(ann.challenge), "equity_updated", { n: 1 });
    assert.equal((await receiptsOf(state.id)).status, 404, "it isn't in the log");
    const { status } = await fetchText(`${gateway.operations}/v1/events/${id}/receipts`);
    assert.equal(status, 401);
  });
});

describe("a configuration that can't keep the promise", () => {
  for (const [what, config] of Object.entries({
    "without a log": { events: { acknowledge: ["risk_alert"] } },
    "of an event that isn't kept": { events: { acknowledge: ["equity_updated"] } },
  })) {
    it(`is refused: ${what}`, async () => {
      await assert.rejects(Gateway.start({ config }), /events\.acknowledge/);
    });
  }
});
