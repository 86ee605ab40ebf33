// Stock clients of four ages over three transports, against one gateway with four workers: connect,
// join, events of every publisher, acknowledgement, binary, leave, isolation.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, afterEach, before, describe, it } from "node:test";
import { Client, TRANSPORTS, VERSIONS, disconnectAll } from "../support/clients.mjs";
import { Gateway, roomOf, tokenOf } from "../support/gateway.mjs";
import { stopAll } from "../support/process.mjs";
import { NodePublisher, PythonPublisher, RedisServer } from "../support/redis.mjs";

let redis, gateway, node, python, ann, bob;

before(async () => {
  redis = await RedisServer.start();
  gateway = await Gateway.start({ redis });
  ({ ann, bob } = gateway.people);
  [node, python] = await Promise.all([NodePublisher.connect(redis), PythonPublisher.start(redis)]);
  await gateway.untilReady();
});
afterEach(disconnectAll);
after(async () => {
  await stopAll(node, python, gateway, redis);
});

/** name: publishes `data` as the only argument of `event` to `room`. */
const PUBLISHERS = {
  "Flask-SocketIO": (room, event, data) => python.emit("flask", room, event, data),
  "python-socketio, pickled": (room, event, data) => python.emit("socketio", room, event, data),
  "python-socketio, JSON": (room, event, data) => node.emitPythonJson(room, event, [data]),
  "@socket.io/redis-emitter": (room, event, data) => node.emit(room, event, data),
  "HTTP publish": (room, event, data) => gateway.publish(room, event, data),
  "HTTP broadcast": async (room, event, data) => {
    const answer = await gateway.post("/v1/broadcast", { rooms: [room], event, data });
    assert.equal(answer.status, 200, answer.body);
  },
};

const PAYLOAD = {
  current_equity: "10250.00",
  total_trades: 42,
  nothing: null,
  yes: true,
  text: 'κόσμε 💹 "quoted" \\ \u2028',
  list: [1, [2.5], { deep: "x" }],
};

for (const version of Object.keys(VERSIONS)) {
  for (const [name, transports] of Object.entries(TRANSPORTS)) {
    describe(`socket.io-client ${version}, ${name}`, () => {
      const connect = async (user = ann.user) => {
        const client = await Client.connect(gateway, tokenOf(user), { version, transports });
        if (transports.length === 2) await client.upgraded();
        return client;
      };

      it("connects over the transport it asks for", async () => {
        const client = await connect();
        assert.equal(client.transport, transports.at(-1));
      });

      it("joins, and is answered by event and acknowledgement", async () => {
        const client = await connect();
        assert.equal((await client.join(ann.challenge)).challenge_id, ann.challenge);
        const acknowledged = client.ask("join_challenge", { challenge_id: ann.second });
        assert.equal((await client.next("joined_challenge"))[0].challenge_id, ann.second);
        await acknowledged;
      });

      it("receives what every publisher sends, exactly once and unchanged", async () => {
        const client = await connect();
        await client.join(ann.challenge);
        for (const [publisher, publish] of Object.entries(PUBLISHERS)) {
          await publish(roomOf(ann.challenge), "note", { ...PAYLOAD, publisher });
          const args = await client.next("note");
          assert.deepEqual(args[0], { ...PAYLOAD, publisher });
        }
        await gateway.publish(roomOf(ann.challenge), "last", {});
        await client.next("last");
        assert.equal(
          client.log.filter((event) => event === "note").length,
          Object.keys(PUBLISHERS).length,
        );
      });

      it("receives binary from Python and Node", async () => {
        const client = await connect();
        await client.join(ann.challenge);
        const bytes = Buffer.from([0, 1, 2, 0xfd, 0xfe, 0xff]);
        await python.emit("flask", roomOf(ann.challenge), "bytes", null, bytes);
        assert.deepEqual(Buffer.from((await client.next("bytes"))[0]), bytes);
        await node.emit(roomOf(ann.challenge), "bytes", {
          first: bytes,
          second: [Buffer.from("x")],
        });
        const [nested] = await client.next("bytes");
        assert.deepEqual(Buffer.from(nested.first), bytes);
        assert.deepEqual(Buffer.from(nested.second[0]), Buffer.from("x"));
        const structure = [{ b: { _placeholder: true, num: 0 } }];
        await node.emitPythonJson(roomOf(ann.challenge), "bytes", structure, [
          bytes.toString("base64"),
        ]);
        assert.deepEqual(Buffer.from((await client.next("bytes"))[0].b), bytes);
      });

      it("keeps the order of a burst", async () => {
        const client = await connect();
        await client.join(ann.challenge);
        const numbers = Array.from({ length: 100 }, (_, number) => number);
        await Promise.all(
          numbers.map((number) => node.emit(roomOf(ann.challenge), "number", number)),
        );
        for (const number of numbers) assert.equal((await client.next("number"))[0], number);
      });

      it("leaves, and receives nothing of the room any more", async () => {
        const client = await connect();
        await client.join(ann.challenge);
        await client.join(ann.second);
        await client.ask("leave_challenge", { challenge_id: ann.challenge });
        await gateway.publish(roomOf(ann.challenge), "left-behind", {});
        await gateway.publish(roomOf(ann.second), "still-here", {});
        await client.next("still-here");
        assert.ok(!client.has("left-behind"));
      });

      it("is refused another user's challenge, and only it is told", async () => {
        const [client, owner] = [await connect(), await connect(bob.user)];
        await owner.join(bob.challenge);
        client.emit("join_challenge", { challenge_id: bob.challenge });
        const [error] = await client.next("error");
        assert.ok(error.message.length > 0);
        await gateway.publish(roomOf(bob.challenge), "secret", {});
        await owner.next("secret");
        assert.equal((await client.join(ann.challenge)).challenge_id, ann.challenge);
        assert.ok(!client.has("secret"));
        assert.ok(!owner.has("error"));
      });
    });
  }
}

describe("rooms", () => {
  const connect = (user) => Client.connect(gateway, tokenOf(user));

  it("joins twice, is answered twice, and receives once", async () => {
    const client = await connect(ann.user);
    await client.join(ann.challenge);
    await client.join(ann.challenge);
    await node.emit(roomOf(ann.challenge), "once", 1);
    await node.emit(roomOf(ann.challenge), "last", 1);
    await client.next("last");
    assert.equal(client.log.filter((event) => event === "once").length, 1);
  });

  it("shows a trader's events to that trader only, over all workers", async () => {
    const anns = await Promise.all(Array.from({ length: 8 }, () => connect(ann.user)));
    const bobs = await Promise.all(Array.from({ length: 8 }, () => connect(bob.user)));
    await Promise.all(anns.map((client) => client.join(ann.challenge)));
    await Promise.all(bobs.map((client) => client.join(bob.challenge)));
    await node.emit(roomOf(ann.challenge), "for-ann", 1);
    await node.emit(roomOf(bob.challenge), "for-bob", 1);
    await Promise.all(anns.map((client) => client.next("for-ann")));
    await Promise.all(bobs.map((client) => client.next("for-bob")));
    assert.ok(!anns.some((client) => client.has("for-bob")));
    assert.ok(!bobs.some((client) => client.has("for-ann")));
  });

  it("delivers once to a member of several of the rooms, and not to `except`", async () => {
    const [client, other] = [await connect(ann.user), await connect(bob.user)];
    await client.join(ann.challenge);
    await client.join(ann.second);
    await other.join(bob.challenge);
    const rooms = [ann.challenge, ann.second, bob.challenge].map(roomOf);
    const body = { rooms, except: [roomOf(bob.challenge)], event: "several", data: 1 };
    assert.equal((await gateway.post("/v1/broadcast", body)).status, 200);
    await gateway.post("/v1/broadcast", { rooms, event: "last", data: 1 });
    await Promise.all([client.next("last"), other.next("last")]);
    assert.equal(client.log.filter((event) => event === "several").length, 1);
    assert.ok(!other.has("several"));
  });

  it("answers a repeated publication id as the first time, and delivers once", async () => {
    const client = await connect(ann.user);
    await client.join(ann.challenge);
    const body = { room: roomOf(ann.challenge), event: "idempotent", data: 1, id: randomUUID() };
    const first = await gateway.post("/v1/publish", body);
    const second = await gateway.post("/v1/publish", body);
    assert.equal(first.status, 200, first.body);
    assert.equal(second.body, first.body);
    await gateway.publish(roomOf(ann.challenge), "last", 1);
    await client.next("last");
    assert.equal(client.log.filter((event) => event === "idempotent").length, 1);
  });

  for (const request of ["join_challenge", "leave_challenge"]) {
    it(`nothing that ${request} carries is shown to others`, async () => {
      const [client, witness] = [await connect(ann.user), await connect(ann.user)];
      await witness.join(ann.challenge);
      client.emit(request, { challenge_id: ann.challenge });
      client.emit(request, { challenge_id: "<script>" });
      client.emit("equity_updated", { challenge_id: ann.challenge, current_equity: "0" });
      await client.join(ann.second);
      await node.emit(roomOf(ann.challenge), "last", 1);
      await witness.next("last");
      assert.deepEqual(
        witness.log.filter((event) => !["joined_challenge", "position"].includes(event)),
        ["last"],
      );
    });
  }

  it("delivers an event under its aliases, after its own name", async () => {
    const client = await connect(ann.user);
    await client.join(ann.challenge);
    for (const event of ["equity_updated", "challenge_status_changed", "risk_alert"]) {
      await python.emit("flask", roomOf(ann.challenge), event, {
        challenge_id: ann.challenge,
        event,
      });
      assert.equal((await client.next(event))[0].event, event);
      assert.equal((await client.next(event.toUpperCase()))[0].event, event);
    }
  });

  it("sends the newest equity to who joins later", async () => {
    const room = roomOf(ann.second);
    await gateway.publish(room, "equity_updated", {
      challenge_id: ann.second,
      current_equity: "1.00",
    });
    await gateway.publish(room, "equity_updated", {
      challenge_id: ann.second,
      current_equity: "2.00",
    });
    const client = await connect(ann.user);
    client.emit("join_challenge", { challenge_id: ann.second });
    assert.equal((await client.next("equity_updated"))[0].current_equity, "2.00");
    await gateway.publish(room, "last", 1);
    await client.next("last");
    assert.equal(client.log.filter((event) => event === "equity_updated").length, 1);
  });
});
