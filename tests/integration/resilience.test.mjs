// What must survive a restart, a lost Redis, and a second gateway.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { Client, TRANSPORTS, disconnectAll } from "../support/clients.mjs";
import { Gateway, makePeople, roomOf, tokenOf } from "../support/gateway.mjs";
import { eventually, stopAll } from "../support/process.mjs";
import { NodePublisher, RedisServer } from "../support/redis.mjs";

afterEach(disconnectAll);

/** Publishes `event` until `client` has it: for when a subscription may not be there yet. */
const untilReceived = (client, publish, event) =>
  eventually(`${event} arrives`, async () => {
    await publish().catch(() => {}); // the publisher's own connection may not be back yet
    return client.has(event);
  });

describe("a killed gateway", () => {
  let redis, gateway, node, ann;
  before(async () => {
    redis = await RedisServer.start();
    gateway = await Gateway.start({ redis });
    ({ ann } = gateway.people);
    node = await NodePublisher.connect(redis);
    await gateway.untilReady();
  });
  after(async () => {
    await stopAll(node, gateway, redis);
  });

  for (const [name, transports] of Object.entries(TRANSPORTS)) {
    it(`finds its clients again after kill -9 and a start, ${name}`, async () => {
      const client = new Client(gateway, { transports, auth: { token: tokenOf(ann.user) } });
      client.socket.on("connect", () =>
        client.emit("join_challenge", { challenge_id: ann.challenge }),
      );
      const first = await client.connected();
      await client.next("joined_challenge");
      await gateway.kill();
      await client.disconnects.take("the disconnect");
      await gateway.restart();
      await gateway.untilReady();
      const second = await client.connects.take("the reconnection", 10_000);
      assert.notEqual(second, first);
      await client.next("joined_challenge");
      await node.emit(roomOf(ann.challenge), "again", 1);
      await client.next("again");
    });
  }

  it("ends in order at SIGTERM: clients are told, the exit code is 0", async () => {
    const client = await Client.connect(gateway, tokenOf(ann.user), { reconnection: false });
    assert.equal(await gateway.program.stop(), 0);
    await client.disconnects.take("the disconnect");
    await gateway.restart();
    await gateway.untilReady();
  });
});

describe("a Redis that comes and goes", () => {
  it("absent at the start: not ready, but HTTP delivers; ready once it is there", async () => {
    const redis = await RedisServer.absent();
    const gateway = await Gateway.start({ redis });
    let node;
    try {
      const { ann } = gateway.people;
      const state = await gateway.untilNotReady();
      assert.ok(
        state.checks.some((check) => /redis/.test(check.name) && !check.ok),
        JSON.stringify(state),
      );
      const client = await Client.connect(gateway, tokenOf(ann.user));
      await client.join(ann.challenge);
      await gateway.publish(roomOf(ann.challenge), "local", 1);
      await client.next("local");
      await redis.restart();
      await gateway.untilReady();
      node = await NodePublisher.connect(redis);
      await node.emit(roomOf(ann.challenge), "from-redis", 1);
      await client.next("from-redis");
    } finally {
      await stopAll(node, gateway, redis);
    }
  });

  it("killed and started: noticed, HTTP delivers meanwhile, clients stay, events come again", async () => {
    const redis = await RedisServer.start();
    const gateway = await Gateway.start({ redis });
    const node = await NodePublisher.connect(redis);
    try {
      const { ann } = gateway.people;
      await gateway.untilReady();
      const client = await Client.connect(gateway, tokenOf(ann.user));
      await client.join(ann.challenge);
      for (const round of [1, 2]) {
        await redis.kill();
        await gateway.untilNotReady();
        await gateway.publish(roomOf(ann.challenge), `local-${round}`, 1);
        await client.next(`local-${round}`);
        await redis.restart();
        await gateway.untilReady();
        const event = `from-redis-${round}`;
        await untilReceived(client, () => node.emit(roomOf(ann.challenge), event, 1), event);
      }
      assert.equal(client.disconnects.size, 0);
    } finally {
      await stopAll(node, gateway, redis);
    }
  });

  it("silent, though connected: a paused Redis is noticed", async () => {
    const redis = await RedisServer.start();
    const gateway = await Gateway.start({ redis });
    try {
      await gateway.untilReady();
      redis.program.child.kill("SIGSTOP");
      await gateway.untilNotReady();
      redis.program.child.kill("SIGCONT");
      await gateway.untilReady();
    } finally {
      redis.program.child.kill("SIGCONT");
      await stopAll(gateway, redis);
    }
  });
});

describe("two gateways on one Redis", () => {
  let redis, node, gateways, people;
  before(async () => {
    redis = await RedisServer.start();
    people = makePeople();
    gateways = await Promise.all([
      Gateway.start({ redis, people }),
      Gateway.start({ redis, people }),
    ]);
    node = await NodePublisher.connect(redis);
    await Promise.all(gateways.map((gateway) => gateway.untilReady()));
  });
  after(async () => {
    await stopAll(node, ...(gateways ?? []), redis);
  });

  it("deliver an event to the members at both, once", async () => {
    const { ann } = people;
    const clients = await Promise.all(
      gateways.map((gateway) => Client.connect(gateway, tokenOf(ann.user))),
    );
    await Promise.all(clients.map((client) => client.join(ann.challenge)));
    await node.emit(roomOf(ann.challenge), "both", 1);
    await node.emit(roomOf(ann.challenge), "last", 1);
    for (const client of clients) {
      await client.next("last");
      assert.equal(client.log.filter((event) => event === "both").length, 1);
    }
  });

  it("go on when one of them is killed", async () => {
    const { bob } = people;
    const client = await Client.connect(gateways[1], tokenOf(bob.user));
    await client.join(bob.challenge);
    await gateways[0].kill();
    await node.emit(roomOf(bob.challenge), "survivor", 1);
    await client.next("survivor");
    await gateways[0].restart();
    await gateways[0].untilReady();
  });
});
