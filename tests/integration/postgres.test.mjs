// The owner question asked of a real PostgreSQL: answered, slow, exhausted, killed and back.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { Client, disconnectAll } from "../support/clients.mjs";
import { Gateway, makePeople, roomOf, tokenOf } from "../support/gateway.mjs";
import { eventually, stopAll } from "../support/process.mjs";
import { PostgresServer } from "../support/postgres.mjs";

afterEach(disconnectAll);

const join = (client, challenge) =>
  client.ask("join_challenge", { challenge_id: challenge }).then(([answer]) => answer);

describe("a gateway whose store is PostgreSQL", () => {
  let postgres, gateway;
  const people = makePeople();
  const { ann, bob } = people;
  before(async () => {
    postgres = await PostgresServer.start(people);
    gateway = await Gateway.start({
      people,
      config: {
        store: { url: postgres.url, cache_owned_ms: 0, cache_denied_ms: 0 },
        // The load is one client's.
        limits: {
          connection_packets_per_second: 0,
          user_packets_per_second: 0,
          user_joins_per_second: 0,
        },
      },
    });
    await gateway.untilReady();
  });
  after(() => stopAll(gateway, postgres));

  it("lets the owner in and nobody else", async () => {
    const client = await Client.connect(gateway, tokenOf(ann.user));
    assert.equal((await join(client, ann.challenge)).status, "ok");
    assert.equal((await join(client, bob.challenge)).code, "forbidden");
    assert.equal((await join(client, "no-such-challenge")).code, "forbidden");
    await gateway.publish(roomOf(ann.challenge), "hers", 1);
    await client.next("hers");
  });

  it("survives its kill and start under load: joins fail retryably, members stay, joins work again", async () => {
    const member = await Client.connect(gateway, tokenOf(ann.user));
    assert.equal((await join(member, ann.challenge)).status, "ok");
    const client = await Client.connect(gateway, tokenOf(bob.user));
    const answers = [];
    let running = true;
    const load = (async () => {
      while (running) answers.push(await join(client, bob.challenge));
    })();
    await eventually("joins are answered", () => answers.some(({ status }) => status === "ok"));
    await postgres.kill();
    await gateway.untilNotReady();
    await gateway.publish(roomOf(ann.challenge), "meanwhile", 1);
    await member.next("meanwhile");
    await eventually("joins fail", () => answers.at(-1).code === "unavailable");
    await postgres.restart();
    await gateway.untilReady();
    await eventually("joins work again", () => answers.at(-1).status === "ok");
    running = false;
    await load;
    for (const { status, code, retryable } of answers)
      assert.ok(status === "ok" || (code === "unavailable" && retryable), `${status} ${code}`);
    assert.equal(member.disconnects.size, 0);
    const metrics = await gateway.metrics();
    assert.ok(metrics.get("outcry_store_connects_total") >= 2);
    assert.equal(metrics.get("outcry_store_connections") >= 1, true);
  });

  it("never logs the password", () => {
    assert.match(gateway.program.output, /store: postgresql:\/\/127\.0\.0\.1/);
    assert.ok(!gateway.program.output.includes("secret word"));
    assert.ok(!gateway.program.output.includes("secret%20word"));
  });
});

describe("a PostgreSQL that is too slow", () => {
  let postgres, gateway;
  const people = makePeople();
  const { ann } = people;
  before(async () => {
    postgres = await PostgresServer.start(people);
    gateway = await Gateway.start({
      people,
      config: {
        store: {
          url: postgres.url,
          // The object's id is the time that the answer takes.
          owner_query: "SELECT 1 FROM pg_sleep($1::float8) WHERE $2 <> ''",
          question_timeout_ms: 400,
          connections_max: 2,
          queue_max: 4,
          failures_max: 0,
        },
      },
    });
  });
  after(() => stopAll(gateway, postgres));

  it("costs a join its time limit and no more, and the next one nothing", async () => {
    const client = await Client.connect(gateway, tokenOf(ann.user));
    assert.equal((await join(client, "0")).status, "ok");
    const began = performance.now();
    const answer = await join(client, "30");
    assert.equal(answer.code, "unavailable");
    assert.equal(answer.retryable, true);
    assert.ok(performance.now() - began < 5_000);
    assert.equal((await join(client, "0.01")).status, "ok");
  });

  it("with its connections and its queue full it refuses at once what is more", async () => {
    const client = await Client.connect(gateway, tokenOf(ann.user));
    // Two run, four wait, the others are refused; nobody waits for ever.
    const ids = ["5.01", "5.02", "5.03", "5.04", "5.05", "5.06", "5.07", "5.08"];
    const answers = await Promise.all(ids.map((id) => join(client, id)));
    assert.ok(
      answers.every(({ code }) => code === "unavailable"),
      JSON.stringify(answers),
    );
    const metrics = await gateway.metrics();
    assert.ok(metrics.get('outcry_store_refused_total{reason="queue_full"}') >= 2);
    assert.ok(metrics.get("outcry_store_connections") <= 2);
    await eventually("it answers again", async () => (await join(client, "0.02")).status === "ok");
  });
});

describe("a PostgreSQL that isn't there yet", () => {
  it("is no reason not to start: not ready, joins fail; ready once it is there", async () => {
    const people = makePeople();
    const postgres = await PostgresServer.start(people);
    await postgres.kill();
    const gateway = await Gateway.start({ people, config: { store: { url: postgres.url } } });
    try {
      await gateway.untilNotReady();
      const client = await Client.connect(gateway, tokenOf(people.ann.user));
      assert.equal((await join(client, people.ann.challenge)).code, "unavailable");
      await postgres.restart();
      await gateway.untilReady();
      assert.equal((await join(client, people.ann.challenge)).status, "ok");
    } finally {
      await stopAll(gateway, postgres);
    }
  });
});
