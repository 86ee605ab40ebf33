// Joining with a past: events since a position, the last ones, and those that were not acknowledged.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import path from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { Client, disconnectAll } from "../support/clients.mjs";
import { API_KEY, Gateway, roomOf, tokenOf } from "../support/gateway.mjs";
import { fetchText } from "../support/wire.mjs";
import { eventually } from "../support/process.mjs";

afterEach(disconnectAll);

const count = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

async function publish(gateway, challenge, from, to) {
  let offset;
  for (const n of count(from, to)) {
    ({ offset } = await gateway.publish(roomOf(challenge), "risk_alert", { n }));
  }
  return offset;
}

/** A new client; its `numbers` are those of the risk alerts that it gets. */
async function connect(gateway, user, options = {}) {
  const client = await Client.connect(gateway, tokenOf(user), options);
  client.numbers = [];
  client.socket.on("risk_alert", (data) => client.numbers.push(data.n));
  return client;
}

async function join(client, challenge, wish = {}) {
  client.emit("join_challenge", { challenge_id: challenge, ...wish });
  return (await client.next("joined_challenge"))[0];
}

/** Once all that the log was given is on disk: that is written before it answers a question. */
async function written(gateway) {
  const id = randomUUID();
  await gateway.post("/v1/publish", { room: "nobody", event: "risk_alert", data: {}, id });
  const url = `${gateway.operations}/v1/events/${id}/receipts`;
  const { status } = await fetchText(url, { headers: { "X-API-Key": API_KEY } });
  assert.equal(status, 200);
}

async function startWithLog(config = {}) {
  const gateway = await Gateway.start({ config });
  gateway.configure({ eventlog: { path: path.join(gateway.directory, "log.db") } });
  await gateway.program.stop();
  await gateway.restart();
  return gateway;
}

describe("a client that joins late", () => {
  let gateway, ann, bob;
  before(async () => {
    gateway = await Gateway.start();
    ({ ann, bob } = gateway.people);
  });
  after(() => gateway.stop());

  it("gets the events since a position, then new ones", async () => {
    const since = await publish(gateway, ann.challenge, 1, 2);
    const end = await publish(gateway, ann.challenge, 3, 5);
    const client = await connect(gateway, ann.user);
    const joined = await join(client, ann.challenge, { since });
    assert.deepEqual(joined, { challenge_id: ann.challenge, replayed: 3, offset: end });
    await publish(gateway, ann.challenge, 6, 6);
    await eventually("all is there", () => client.numbers.length >= 4);
    assert.deepEqual(client.numbers, count(3, 6));
  });

  it("gets the last ones, and the newest values whatever their age", async () => {
    await gateway.publish(roomOf(ann.second), "equity_updated", { n: 0 });
    await publish(gateway, ann.second, 1, 5);
    const client = await connect(gateway, ann.user);
    const joined = await join(client, ann.second, { last: 2 });
    assert.equal(joined.replayed, 3);
    assert.deepEqual(client.numbers, [4, 5]);
    assert.ok(client.has("equity_updated"));
  });

  it("gets none of them twice if it was a member", async () => {
    const client = await connect(gateway, ann.user);
    await join(client, ann.challenge);
    const since = await publish(gateway, ann.challenge, 1, 2);
    await publish(gateway, ann.challenge, 3, 4);
    await eventually("all is there", () => client.numbers.length >= 4);
    await join(client, ann.challenge, { since });
    assert.deepEqual(client.numbers, count(1, 4));
  });

  it("is told to load anew for a position that isn't known", async () => {
    const client = await connect(gateway, ann.user);
    await join(client, ann.challenge, { since: "AAAAABAAAAAAABAAAAAAAB" });
    const [told] = await client.next("resync_required");
    assert.deepEqual(told, { reason: "position", room: roomOf(ann.challenge) });
    await publish(gateway, ann.challenge, 9, 9);
    await eventually("it is a member", () => client.numbers.includes(9));
  });

  for (const [what, wish] of Object.entries({
    "no position": { since: "yesterday" },
    "no text": { since: 5 },
    "no number": { last: "all" },
    "less than one": { last: 0 },
    "too many": { last: 10_001 },
    both: { since: "AAAAABAAAAAAABAAAAAAAB", last: 1 },
  })) {
    it(`is refused what can't be meant: ${what}`, async () => {
      const client = await connect(gateway, ann.user);
      client.emit("join_challenge", { challenge_id: ann.challenge, ...wish });
      assert.equal((await client.next("error"))[0].code, "bad_request");
    });
  }

  it("gets nothing of a room that isn't its user's", async () => {
    const since = await publish(gateway, bob.challenge, 1, 1);
    await publish(gateway, bob.challenge, 2, 2);
    const client = await connect(gateway, ann.user);
    client.emit("join_challenge", { challenge_id: bob.challenge, since });
    assert.equal((await client.next("error"))[0].code, "forbidden");
    assert.deepEqual(client.numbers, []);
  });
});

describe("a client that acknowledges", () => {
  let gateway, ann, bob;
  before(async () => {
    gateway = await startWithLog();
    ({ ann, bob } = gateway.people);
  });
  after(() => gateway.stop());

  const acknowledge = async (client, challenge, offset) => {
    const [answer] = await client.ask("ack_events", { room: roomOf(challenge), offset });
    return answer;
  };

  it("gets what it has not acknowledged again: on another device, and after kill -9", async () => {
    const first = await connect(gateway, ann.user);
    await join(first, ann.challenge);
    const offset = await publish(gateway, ann.challenge, 1, 2);
    assert.deepEqual(await acknowledge(first, ann.challenge, offset), { status: "ok" });
    await publish(gateway, ann.challenge, 3, 4);
    first.close();

    const second = await connect(gateway, ann.user);
    assert.equal((await join(second, ann.challenge)).replayed, 2);
    assert.deepEqual(second.numbers, [3, 4]);
    second.close();
    await written(gateway);
    await gateway.kill();
    await gateway.restart();
    await publish(gateway, ann.challenge, 5, 5);

    const third = await connect(gateway, ann.user);
    const joined = await join(third, ann.challenge);
    assert.deepEqual(third.numbers, [3, 4, 5]);
    assert.deepEqual(await acknowledge(third, ann.challenge, joined.offset), { status: "ok" });
    const fourth = await connect(gateway, ann.user);
    assert.equal((await join(fourth, ann.challenge)).replayed, 0);
    assert.deepEqual(fourth.numbers, []);
  });

  it("has no say in rooms where it isn't", async () => {
    const offset = await publish(gateway, bob.challenge, 1, 1);
    const client = await connect(gateway, ann.user);
    assert.equal((await acknowledge(client, bob.challenge, offset)).code, "forbidden");
    assert.equal((await acknowledge(client, bob.challenge, "now")).code, "bad_request");
  });
});

describe("devices that are told apart", () => {
  let gateway, ann;
  before(async () => {
    gateway = await Gateway.start({ config: { recovery: { cursors: "device" } } });
    ({ ann } = gateway.people);
  });
  after(() => gateway.stop());

  it("each get what they have not acknowledged", async () => {
    const on = (device) => connect(gateway, ann.user, { auth: { token: tokenOf(ann.user), device } });
    const phone = await on("phone");
    await join(phone, ann.challenge);
    const page = await on("page");
    await join(page, ann.challenge);
    const room = roomOf(ann.challenge);
    const first = await publish(gateway, ann.challenge, 1, 1);
    await phone.ask("ack_events", { room, offset: first });
    const second = await publish(gateway, ann.challenge, 2, 2);
    await page.ask("ack_events", { room, offset: second });
    const phoneAgain = await on("phone");
    await join(phoneAgain, ann.challenge);
    const pageAgain = await on("page");
    await join(pageAgain, ann.challenge);
    assert.deepEqual([phoneAgain.numbers, pageAgain.numbers], [[2], []]);
  });
});

describe("a back end that reads a room", () => {
  let gateway, ann;
  before(async () => {
    gateway = await Gateway.start({ config: { eventlog: { events_max: 20 } } });
    ({ ann } = gateway.people);
  });
  after(() => gateway.stop());

  const read = async (room, query = "") => {
    const url = `${gateway.operations}/v1/rooms/${encodeURIComponent(room)}/events${query}`;
    const { status, body } = await fetchText(url, { headers: { "X-API-Key": API_KEY } });
    return { status, ...JSON.parse(body) };
  };
  const numbers = ({ events }) => events.map((event) => event.arguments[0].n);

  it("gets its events in pages, each as it was published", async () => {
    const room = roomOf(ann.challenge);
    const since = await publish(gateway, ann.challenge, 1, 1);
    const end = await publish(gateway, ann.challenge, 2, 6);
    const page = await read(room, `?since=${since}&limit=3`);
    assert.equal(page.status, 200);
    assert.deepEqual(numbers(page), [2, 3, 4]);
    assert.equal(page.events[0].event, "risk_alert");
    assert.equal(page.more, true);
    assert.equal(page.offset, page.events[2].offset);
    const rest = await read(room, `?since=${page.offset}`);
    assert.deepEqual(numbers(rest), [5, 6]);
    assert.deepEqual([rest.more, rest.offset], [false, end]);
    assert.deepEqual(numbers(await read(room, "?last=2")), [5, 6]);
    assert.deepEqual((await read("challenge_nobody")).events, []);
  });

  it("is told that events are gone, and what it asks wrongly", async () => {
    const since = await publish(gateway, ann.second, 1, 1);
    await publish(gateway, ann.second, 2, 40);
    const room = roomOf(ann.second);
    assert.equal((await read(room, `?since=${since}`)).status, 410);
    assert.equal((await read(room, "?since=nonsense")).status, 400);
    assert.equal((await read(room, "?limit=0")).status, 400);
    assert.equal((await read(room, "?namespace=/none")).status, 400);
    const { status } = await fetchText(`${gateway.operations}/v1/rooms/${room}/events`);
    assert.equal(status, 401);
  });
});
