// Clients that were cut off and come back: the stock client gets what it missed, in order and once,
// and knows that it did. Nothing in it was changed for that.

import assert from "node:assert/strict";
import path from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { Client, TRANSPORTS, disconnectAll } from "../support/clients.mjs";
import { Gateway, makePeople, roomOf, tokenOf } from "../support/gateway.mjs";
import { Line } from "../support/line.mjs";
import { eventually } from "../support/process.mjs";
import { NodePublisher, PythonPublisher, RedisServer } from "../support/redis.mjs";

const POSITION = /^[\w-]{22}$/;

afterEach(disconnectAll);

/** A client of `line`, joined to `challenge`; its events of this name in `numbers`. */
async function member(line, user, challenge, options = {}) {
  const client = await Client.connect(line, tokenOf(user), options);
  await client.join(challenge);
  client.numbers = [];
  client.socket.on("risk_alert", (data) => client.numbers.push(data.n));
  return client;
}

const count = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** Publishes events numbered from `from` to `to`, by HTTP. */
async function publish(gateway, challenge, from, to) {
  for (const n of count(from, to)) await gateway.publish(roomOf(challenge), "risk_alert", { n });
}

const until = (client, length) =>
  eventually(`${length} events arrive`, () => client.numbers.length >= length);

/** Cuts the line, and publishes while the client is away. */
async function missSome(line, client, publishMissed) {
  const gone = client.disconnects.take("the disconnect");
  client.socket.io.reconnection(false);
  line.cut();
  await gone;
  await publishMissed();
  client.socket.io.reconnection(true);
  client.socket.connect();
  await client.connected();
}

describe("a client that was cut off", () => {
  let redis, gateway, line, ann, bob;
  before(async () => {
    redis = await RedisServer.start();
    gateway = await Gateway.start({ redis });
    await gateway.untilReady();
    line = await Line.to(gateway.port);
    ({ ann, bob } = gateway.people);
  });
  after(async () => {
    line.close();
    await gateway.stop();
    await redis.stop();
  });

  for (const [name, transports] of Object.entries(TRANSPORTS)) {
    it(`gets what it missed, in order and once (${name})`, async () => {
      const client = await member(line, ann.user, ann.challenge, { transports });
      if (name === "upgrade") await client.upgraded();
      await publish(gateway, ann.challenge, 1, 3);
      await until(client, 3);
      const { id } = client.socket;
      await missSome(line, client, () => publish(gateway, ann.challenge, 4, 8));
      assert.equal(client.socket.recovered, true);
      assert.equal(client.socket.id, id);
      await publish(gateway, ann.challenge, 9, 10);
      await until(client, 10);
      assert.deepEqual(client.numbers, count(1, 10));
    });
  }

  it("needs no event to have a position: one came with the connection", async () => {
    const client = await Client.connect(line, tokenOf(ann.user));
    const [position] = await client.next("position");
    assert.match(position, POSITION);
    await missSome(line, client, async () => {});
    assert.equal(client.socket.recovered, true);
  });

  it("is in its rooms again without joining, and in no others", async () => {
    const client = await member(line, ann.user, ann.challenge);
    await client.join(ann.second);
    await client.ask("leave_challenge", { challenge_id: ann.second });
    await missSome(line, client, () => publish(gateway, ann.second, 1, 1));
    assert.equal(client.socket.recovered, true);
    await publish(gateway, ann.second, 2, 2);
    await publish(gateway, ann.challenge, 3, 3);
    await until(client, 1);
    assert.deepEqual(client.numbers, [3]);
  });

  it("gets the newest of each key of an event that is a state, and each of the others", async () => {
    const client = await member(line, ann.user, ann.challenge);
    const seen = [];
    client.socket.onAny((event, data) => event !== "joined_challenge" && seen.push([event, data.n]));
    await missSome(line, client, async () => {
      await gateway.publish(roomOf(ann.challenge), "equity_updated", { n: 1 });
      await publish(gateway, ann.challenge, 2, 2);
      await gateway.publish(roomOf(ann.challenge), "equity_updated", { n: 3 });
    });
    await eventually("all is there", () => seen.length >= 4);
    assert.equal(client.socket.recovered, true);
    assert.deepEqual(
      seen.filter(([event]) => event !== "RISK_ALERT" && event !== "EQUITY_UPDATED"),
      [
        ["risk_alert", 2],
        ["equity_updated", 3],
      ],
    );
  });

  it("gets what was for everyone, for several rooms or for itself, once", async () => {
    const node = await NodePublisher.connect(redis);
    const client = await member(line, ann.user, ann.challenge);
    await client.join(ann.second);
    const { id } = client.socket;
    await missSome(line, client, async () => {
      await node.emitToAll("risk_alert", { n: 1 });
      await node.emit([roomOf(ann.challenge), roomOf(ann.second)], "risk_alert", { n: 2 });
      await node.emit(id, "risk_alert", { n: 3 });
      await node.emit(roomOf(bob.challenge), "risk_alert", { n: 4 });
      await publish(gateway, ann.challenge, 5, 5);
    });
    await until(client, 4);
    assert.equal(client.socket.recovered, true);
    assert.deepEqual(client.numbers, [1, 2, 3, 5]);
    await node.emit(id, "risk_alert", { n: 6 });
    await until(client, 5);
    assert.deepEqual(client.numbers, [1, 2, 3, 5, 6], "its own room has come back with it");
    await node.stop();
  });

  it("comes back a second time, and to what it missed the second time", async () => {
    const client = await member(line, ann.user, ann.challenge);
    await missSome(line, client, () => publish(gateway, ann.challenge, 1, 2));
    await missSome(line, client, () => publish(gateway, ann.challenge, 3, 4));
    await until(client, 4);
    assert.equal(client.socket.recovered, true);
    assert.deepEqual(client.numbers, count(1, 4));
  });

  it("comes back before the server has noticed that it was gone", async () => {
    const client = await member(line, ann.user, ann.challenge);
    const { id } = client.socket;
    line.goDead();
    await publish(gateway, ann.challenge, 1, 3);
    client.socket.io.engine.close(); // as a client does whose pings don't come
    await client.connected();
    assert.equal(client.socket.recovered, true);
    assert.equal(client.socket.id, id);
    await until(client, 3);
    assert.deepEqual(client.numbers, count(1, 3));
  });

  it("has everything after it was cut off for reading too slowly", async () => {
    const client = await member(line, ann.user, ann.challenge);
    const { id } = client.socket;
    const padding = "x".repeat(200_000);
    const send = async (from, to) => {
      for (const n of count(from, to)) {
        await gateway.publish(roomOf(ann.challenge), "risk_alert", { n, padding });
      }
    };
    const cut = async () => {
      const metrics = await gateway.metrics();
      return metrics.get('outcry_engine_sessions_closed_total{reason="outbox_overflow"}') > 0;
    };
    line.hold();
    let last = 0;
    await eventually("it is cut off", async () => {
      await send(last + 1, last + 10);
      last += 10;
      return cut();
    });
    const gone = client.disconnects.take("the disconnect");
    line.resume();
    await gone;
    await send(last + 1, last + 20); // more than fits into an outbox
    await client.connected();
    const joined = client.ask("join_challenge", { challenge_id: ann.challenge });
    await send(last + 21, last + 40);
    await until(client, last + 40);
    assert.deepEqual(client.numbers, count(1, last + 40));
    assert.equal(client.socket.recovered, true);
    assert.equal(client.socket.id, id);
    assert.equal((await joined)[0].status, "ok", "what it said meanwhile is answered");
  });

  it("is a new one if it said goodbye", async () => {
    const client = await member(line, ann.user, ann.challenge);
    const { id } = client.socket;
    client.socket.disconnect();
    await publish(gateway, ann.challenge, 1, 1);
    client.socket.connect();
    await client.connected();
    assert.equal(client.socket.recovered, false);
    assert.notEqual(client.socket.id, id);
    assert.deepEqual((await client.next("resync_required"))[0], { reason: "expired" });
  });

  it("is a new one, and told so, if somebody else's token comes with its secret", async () => {
    const client = await member(line, ann.user, ann.challenge);
    const answer = client.next("resync_required");
    client.socket.auth = { token: tokenOf(bob.user) };
    await missSome(line, client, () => publish(gateway, ann.challenge, 1, 1));
    assert.equal(client.socket.recovered, false);
    assert.deepEqual((await answer)[0], { reason: "expired" });
    await client.join(bob.challenge);
    assert.deepEqual(client.numbers, [], "nothing of the other's");
  });

  it("is a new one without its right to one of its rooms", async () => {
    const client = await member(line, ann.user, ann.challenge);
    const { status } = await gateway.post("/v1/remove", {
      room: roomOf(ann.challenge),
      user: ann.user,
    });
    assert.equal(status, 200);
    await client.next("left_challenge");
    await missSome(line, client, () => publish(gateway, ann.challenge, 1, 1));
    assert.equal(client.socket.recovered, true, "it had left that room before");
    assert.deepEqual(client.numbers, []);
  });

  it("gets no position it didn't ask for, and none at all, if it says so", async () => {
    const plain = await Client.connect(line, tokenOf(ann.user), { query: { recovery: "0" } });
    await plain.join(ann.challenge);
    const args = new Promise((resolve) => plain.socket.on("risk_alert", (...all) => resolve(all)));
    await publish(gateway, ann.challenge, 1, 1);
    assert.deepEqual(await args, [{ n: 1 }]);
    assert.equal(plain.has("position"), false);
    await missSome(line, plain, () => publish(gateway, ann.challenge, 2, 2));
    assert.ok(!plain.socket.recovered);
    assert.equal(plain.has("resync_required"), false, "it has no secret to come back with");
  });

  it("gets what Python published, under both of its names", async () => {
    const python = await PythonPublisher.start(redis);
    const client = await member(line, ann.user, ann.challenge);
    const names = [];
    client.socket.onAny((event) => names.push(event));
    await missSome(line, client, () => python.emit("flask", roomOf(ann.challenge), "risk_alert", { n: 1 }));
    await eventually("both names arrive", () => names.includes("RISK_ALERT"));
    assert.deepEqual(names, ["risk_alert", "RISK_ALERT"]);
    assert.equal(client.socket.recovered, true);
    await python.stop();
  });
});

describe("a client that was away for too long", () => {
  const started = [];
  after(async () => {
    for (const { gateway, line } of started) {
      line.close();
      await gateway.stop();
    }
  });
  const start = async (config) => {
    const gateway = await Gateway.start({ people: makePeople(), config });
    const line = await Line.to(gateway.port);
    started.push({ gateway, line });
    return { gateway, line, ann: gateway.people.ann };
  };

  it("is told to load anew when its time is over", async () => {
    const { gateway, line, ann } = await start({ recovery: { window_ms: 1_000 } });
    const client = await member(line, ann.user, ann.challenge);
    const gone = async () => {
      await eventually("the socket is given up", async () => {
        const metrics = await gateway.metrics();
        return metrics.get("outcry_parked_sockets") === 0;
      });
    };
    await missSome(line, client, gone);
    assert.equal(client.socket.recovered, false);
    assert.deepEqual((await client.next("resync_required"))[0], { reason: "expired" });
  });

  it("is told so when what it missed is gone, and not if it missed nothing", async () => {
    const { gateway, line, ann } = await start({ eventlog: { events_max: 2 } });
    const client = await member(line, ann.user, ann.challenge);
    const quiet = await member(line, ann.user, ann.second);
    await publish(gateway, ann.second, 1, 1);
    await until(quiet, 1);
    await missSome(line, client, () => publish(gateway, ann.challenge, 1, 3));
    assert.equal(client.socket.recovered, false);
    assert.deepEqual((await client.next("resync_required"))[0], { reason: "too_old" });
    if (!quiet.socket.connected || !quiet.socket.recovered) await quiet.connected();
    assert.equal(quiet.socket.recovered, true, "cut off with the other, but nothing of its room is gone");
    const metrics = await gateway.metrics();
    assert.equal(metrics.get('outcry_resyncs_total{reason="too_old"}'), 1);
    assert.equal(metrics.get("outcry_recoveries_total"), 1);
  });

  it("is told so when it is more than may be sent", async () => {
    const { gateway, line, ann } = await start({ recovery: { events_max: 2 } });
    const client = await member(line, ann.user, ann.challenge);
    await missSome(line, client, () => publish(gateway, ann.challenge, 1, 3));
    assert.equal(client.socket.recovered, false);
    assert.deepEqual((await client.next("resync_required"))[0], { reason: "too_old" });
  });
});

describe("a gateway that was killed", () => {
  let gateway, line, ann;
  before(async () => {
    gateway = await Gateway.start({ people: makePeople() });
    gateway.configure({ eventlog: { path: path.join(gateway.directory, "log.db") } });
    await gateway.program.stop();
    await gateway.restart();
    line = await Line.to(gateway.port);
    ({ ann } = gateway.people);
  });
  after(async () => {
    line.close();
    await gateway.stop();
  });

  for (const [how, end] of [
    ["kill -9", () => gateway.kill()],
    ["SIGTERM", () => gateway.program.stop()],
  ]) {
    it(`has everything when it is back, also for those who were away (${how})`, async () => {
      const client = await member(line, ann.user, ann.challenge);
      await publish(gateway, ann.challenge, 1, 3);
      await until(client, 3);
      const { id } = client.socket;
      const gone = client.disconnects.take("the disconnect");
      client.socket.io.reconnection(false);
      line.cut();
      await gone;
      await publish(gateway, ann.challenge, 4, 6); // accepted, so on disk
      await end();
      await gateway.restart();
      await publish(gateway, ann.challenge, 7, 8);
      client.socket.io.reconnection(true);
      client.socket.connect();
      await client.connected();
      assert.equal(client.socket.recovered, true);
      assert.equal(client.socket.id, id);
      await publish(gateway, ann.challenge, 9, 9);
      await until(client, 9);
      assert.deepEqual(client.numbers, count(1, 9));
    });
  }

  it("ends with the newest values, when it is told to end", async () => {
    for (let n = 1; n <= 3; ++n) {
      await gateway.publish(roomOf(ann.second), "equity_updated", { n });
      await gateway.program.stop();
      await gateway.restart();
      const client = await Client.connect(line, tokenOf(ann.user));
      await client.join(ann.second);
      assert.deepEqual(await client.next("equity_updated"), [{ n }]);
      client.close();
    }
  });

  it("finds its clients by themselves", async () => {
    const client = await member(line, ann.user, ann.challenge);
    await publish(gateway, ann.challenge, 1, 1);
    await until(client, 1);
    await gateway.kill();
    await gateway.restart();
    await client.connected();
    assert.equal(client.socket.recovered, true);
    await publish(gateway, ann.challenge, 2, 2);
    await until(client, 2);
    assert.deepEqual(client.numbers, [1, 2]);
  });

  it("takes an event that was accepted before no second time", async () => {
    const client = await member(line, ann.user, ann.challenge);
    const event = { room: roomOf(ann.challenge), event: "risk_alert", data: { n: 1 }, id: "once" };
    assert.equal((await gateway.post("/v1/publish", event)).status, 200);
    await until(client, 1);
    await gateway.kill();
    await gateway.restart();
    await client.connected();
    assert.equal((await gateway.post("/v1/publish", event)).status, 200);
    await publish(gateway, ann.challenge, 2, 2);
    await until(client, 2);
    assert.deepEqual(client.numbers, [1, 2]);
  });
});
