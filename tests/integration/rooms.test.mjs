// Who gets into a room of which policy, and how he gets out when his right ends.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:https";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { Certificates } from "../support/certificates.mjs";
import { Client, disconnectAll } from "../support/clients.mjs";
import { Gateway, makePeople, roomOf, sign, tokenOf } from "../support/gateway.mjs";
import { eventually, stopAll } from "../support/process.mjs";
import { NodePublisher, PythonPublisher, RedisServer } from "../support/redis.mjs";

const GRANT_SECRET = randomBytes(48).toString("base64");
const POLICY_SECRET = randomBytes(24).toString("hex");
const now = () => Math.floor(Date.now() / 1000);

afterEach(disconnectAll);

const join = (client, room, grant) =>
  client.ask("join_room", { room, grant }).then(([answer]) => answer);

/** The platform's back end, as far as rooms go: it answers what `decide` says. */
class BackEnd {
  static async start(certificates) {
    const backEnd = new BackEnd();
    backEnd.asked = [];
    backEnd.decide = () => ({ status: 500 });
    const keys = {
      cert: readFileSync(certificates.certificateFile),
      key: readFileSync(certificates.keyFile),
    };
    backEnd.server = createServer(keys, async (request, response) => {
      let body = "";
      for await (const part of request) body += part;
      const question = JSON.parse(body);
      backEnd.asked.push({
        ...question,
        path: request.url,
        authorization: request.headers.authorization,
      });
      const answer = await backEnd.decide(question);
      if (answer === "nothing") return request.socket.destroy();
      response.writeHead(answer.status ?? 200, { "Content-Type": "application/json" });
      response.end(answer.text ?? JSON.stringify(answer.body ?? {}));
    });
    backEnd.server.listen(0, "127.0.0.1");
    await once(backEnd.server, "listening");
    backEnd.url = `https://localhost:${backEnd.server.address().port}/may-join?v=1`;
    return backEnd;
  }

  async stop() {
    this.server.closeAllConnections?.();
    this.server.close();
    await once(this.server, "close");
  }
}

describe("a room of policy grant", () => {
  let gateway;
  before(async () => {
    gateway = await Gateway.start({
      config: {
        rooms: { grant: ["desk_{id}", "lobby"] },
        policy_grant: { secret: GRANT_SECRET, age_max_s: 60 },
      },
    });
  });
  after(() => gateway?.stop());

  const grantOf = (user, rooms, more = {}, options = {}) =>
    sign(
      { type: "grant", sub: user, rooms, iat: now(), exp: now() + 60, ...more },
      { secret: GRANT_SECRET, ...options },
    );

  it("takes who has it in his token, by name or by beginning", async () => {
    const client = await Client.connect(gateway, tokenOf("u1", { rooms: ["desk_7", "desk_eu_*"] }));
    assert.deepEqual(await join(client, "desk_7"), { status: "ok", room: "desk_7" });
    assert.equal((await client.next("joined_room"))[0].room, "desk_7");
    assert.equal((await join(client, "desk_eu_3")).status, "ok");
    assert.equal((await join(client, "desk_8")).code, "grant_required");
    assert.equal((await join(client, "lobby")).code, "grant_required");
    await gateway.publish("desk_7", "note", 1);
    await client.next("note");
    client.emit("leave_room", { room: "desk_7" });
    assert.equal((await client.next("left_room"))[0].room, "desk_7");
  });

  it("takes who brings a grant of his own for it, and keeps him after the grant's end", async () => {
    const client = await Client.connect(gateway, tokenOf("u1"));
    const exp = now() + 1;
    assert.equal((await join(client, "desk_7", grantOf("u1", ["desk_7"], { exp }))).status, "ok");
    assert.equal((await join(client, "lobby", grantOf("u1", ["lobby"]))).status, "ok");
    await eventually("the grant has ended", () => Date.now() > exp * 1000);
    await gateway.publish("desk_7", "still", 1);
    await client.next("still");
  });

  it("refuses every other grant", async () => {
    const client = await Client.connect(gateway, tokenOf("u1"));
    const good = grantOf("u1", ["desk_7"]);
    const cases = {
      "another user's": [grantOf("u2", ["desk_7"]), "forbidden"],
      "another room's": [grantOf("u1", ["desk_8"]), "forbidden"],
      "no room's": [grantOf("u1", undefined), "forbidden"],
      "one that isn't a grant": [grantOf("u1", ["desk_7"], { type: undefined }), "forbidden"],
      "another key's": [
        grantOf("u1", ["desk_7"], {}, { secret: "another secret of 32 octets, 012345" }),
        "forbidden",
      ],
      unsigned: [good.replace(/\.[^.]*$/, "."), "forbidden"],
      "an ended one": [
        grantOf("u1", ["desk_7"], { iat: now() - 300, exp: now() - 120 }),
        "grant_expired",
      ],
      "one that is too old": [grantOf("u1", ["desk_7"], { iat: now() - 300 }), "grant_expired"],
      "one without an end": [grantOf("u1", ["desk_7"], { exp: undefined }), "forbidden"],
      "his own token": [tokenOf("u1", { rooms: ["desk_7"], type: "grant" }), "forbidden"],
      "none at all": ["", "grant_required"],
      nonsense: ["nonsense", "forbidden"],
      "an endless one": ["x".repeat(20_000), "forbidden"],
    };
    for (const [name, [grant, code]] of Object.entries(cases))
      assert.equal((await join(client, "desk_7", grant)).code, code, name);
    assert.equal((await join(client, "desk_7", 7)).code, "grant_required");
    assert.equal((await join(client, "desk_7", good)).status, "ok");
  });

  it("opens no room of another policy, and no door", async () => {
    const client = await Client.connect(gateway, tokenOf("u1", { rooms: ["*"] }));
    assert.equal((await join(client, "user_u2", grantOf("u1", ["*"]))).code, "forbidden");
    assert.equal((await join(client, "admin", grantOf("u1", ["*"]))).code, "forbidden");
    const challenge = gateway.people.ann.challenge;
    assert.equal((await join(client, roomOf(challenge), grantOf("u1", ["*"]))).code, "forbidden");
    await new Client(gateway, { auth: { token: grantOf("u1", ["*"]) } }).refused();
  });
});

describe("a room of policy http", () => {
  let certificates, backEnd, gateway;
  before(async () => {
    certificates = new Certificates();
    backEnd = await BackEnd.start(certificates);
    gateway = await Gateway.start({
      config: {
        rooms: { http: ["team_{id}"], http_fail_open: ["lounge_{id}"] },
        policy_http: {
          url: backEnd.url,
          secret: POLICY_SECRET,
          ca_file: certificates.rootFile,
          timeout_ms: 300,
          cache_allowed_ms: 60_000,
          cache_denied_ms: 0,
          failures_max: 4,
          failure_pause_ms: 200,
        },
      },
    });
  });
  beforeEach(() => (backEnd.asked = []));
  after(async () => {
    await stopAll(gateway, backEnd);
    certificates.remove();
  });

  it("asks the back end, over TLS and with the secret, and does as it says", async () => {
    backEnd.decide = ({ user }) => ({ body: { allow: user === "u1" } });
    const [one, two] = await Promise.all(
      ["u1", "u2"].map((user) => Client.connect(gateway, tokenOf(user))),
    );
    assert.equal((await join(one, "team_1")).status, "ok");
    assert.equal((await join(two, "team_1")).code, "forbidden");
    assert.deepEqual(backEnd.asked[0], {
      user: "u1",
      namespace: "/",
      room: "team_1",
      path: "/may-join?v=1",
      authorization: `Bearer ${POLICY_SECRET}`,
    });
    await gateway.publish("team_1", "ours", 1);
    await one.next("ours");
    assert.ok(!two.has("ours"));
  });

  it("remembers answers for as long as they hold", async () => {
    const client = await Client.connect(gateway, tokenOf("u1"));
    backEnd.decide = () => ({ body: { allow: true } });
    for (let i = 0; i < 3; ++i) assert.equal((await join(client, "team_2")).status, "ok");
    assert.equal(backEnd.asked.length, 1);
    backEnd.decide = () => ({ body: { allow: true, lifetime_ms: 0 } });
    for (let i = 0; i < 3; ++i) await join(client, "team_3");
    assert.equal(backEnd.asked.length, 4);
    backEnd.decide = () => ({ status: 403 });
    for (let i = 0; i < 2; ++i) assert.equal((await join(client, "team_4")).code, "forbidden");
    assert.equal(backEnd.asked.length, 6, "a no is not remembered here");
  });

  it("asks the same question once at a time", async () => {
    backEnd.decide = async () => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return { body: { allow: true } };
    };
    const tabs = await Promise.all(
      Array.from({ length: 5 }, () => Client.connect(gateway, tokenOf("u9"))),
    );
    const answers = await Promise.all(tabs.map((tab) => join(tab, "team_5")));
    assert.ok(answers.every(({ status }) => status === "ok"));
    assert.equal(backEnd.asked.length, 1);
  });

  const silences = {
    "an error": () => ({ status: 500 }),
    "a redirect": () => ({ status: 302 }),
    nonsense: () => ({ text: "yes" }),
    "an answer without a word": () => ({ body: { allowed: true } }),
    "a closed connection": () => "nothing",
    "an answer that is too late": async () => {
      await new Promise((resolve) => setTimeout(resolve, 600));
      return { body: { allow: true } };
    },
    "an endless answer": () => ({ body: { allow: true, padding: "x".repeat(1_000_000) } }),
  };
  for (const [name, decide] of Object.entries(silences)) {
    it(`${name} is no answer: closed, or open where the template says so`, async () => {
      const client = await Client.connect(gateway, tokenOf("u1"));
      backEnd.decide = decide;
      const room = randomBytes(4).toString("hex");
      const closed = await join(client, `team_${room}`);
      assert.deepEqual([closed.code, closed.retryable], ["unavailable", true]);
      assert.equal((await join(client, `lounge_${room}`)).status, "ok");
      backEnd.decide = () => ({ body: { allow: false } });
      await eventually(
        "it is asked again",
        async () => (await join(client, `lounge_${room}`)).code === "forbidden",
      );
    });
  }

  it("a back end that fails in a row is left alone, and found again", async () => {
    const client = await Client.connect(gateway, tokenOf("u1"));
    backEnd.decide = () => ({ status: 503 });
    for (let i = 0; i < 10; ++i) await join(client, "team_6");
    assert.ok(backEnd.asked.length < 10, `${backEnd.asked.length}`);
    assert.equal((await gateway.readiness()).status, 503);
    backEnd.decide = () => ({ body: { allow: true } });
    await eventually(
      "it is asked again",
      async () => (await join(client, "team_6")).status === "ok",
    );
    await gateway.untilReady();
    const metrics = await gateway.metrics();
    assert.ok(metrics.get('outcry_policy_http_refused_total{reason="circuit_open"}') > 0);
    assert.ok(metrics.get("outcry_policy_http_failed_open_total") > 0);
  });

  it("never logs the secret", () => assert.ok(!gateway.program.output.includes(POLICY_SECRET)));
});

/** Runs a statement of the back end's at a gateway's database. */
const sql = (gateway, statement) =>
  execFileSync("/usr/bin/python3", [
    "-c",
    "import sqlite3, sys; d = sqlite3.connect(sys.argv[1]); d.execute(sys.argv[2]); d.commit()",
    path.join(gateway.directory, "challenges.db"),
    statement,
  ]);

describe("a right that ends", () => {
  let redis, gateways, node, python, ann, bob, challenge;
  before(async () => {
    redis = await RedisServer.start();
    const people = makePeople();
    ({ ann, bob } = people);
    gateways = await Promise.all([0, 1].map(() => Gateway.start({ redis, people })));
    node = await NodePublisher.connect(redis);
    python = await PythonPublisher.start(redis);
    await Promise.all(gateways.map((gateway) => gateway.untilReady()));
  });
  beforeEach(() => {
    challenge = randomUUID();
    for (const gateway of gateways)
      sql(gateway, `INSERT INTO challenges VALUES ('${challenge}', '${ann.user}')`);
  });
  after(() => stopAll(node, python, ...(gateways ?? []), redis));

  const fields = () => ({ room: roomOf(challenge), user: ann.user });
  const remove = async () => {
    const { status, body } = await gateways[0].post("/v1/remove", fields());
    assert.equal(status, 200, body);
    return JSON.parse(body).removed;
  };
  const assertRemoved = async (client) => {
    assert.deepEqual(await client.next("left_challenge"), [{ challenge_id: challenge }]);
    const [error] = await client.next("error");
    assert.deepEqual(
      [error.code, error.retryable, error.challenge_id],
      ["removed", false, challenge],
    );
  };
  /** Two tabs at the first gateway, one at the second, all in the room. */
  const tabs = async () => {
    const clients = await Promise.all(
      [gateways[0], gateways[0], gateways[1]].map((gateway) =>
        Client.connect(gateway, tokenOf(ann.user)),
      ),
    );
    for (const client of clients) await client.join(challenge);
    return clients;
  };

  const ways = {
    "by the API of one node": remove,
    "by an event of Flask-SocketIO": () =>
      python.emit("flask", null, "outcry:remove_member", fields()),
    "by an event of python-socketio": () =>
      python.emit("socketio", null, "outcry:remove_member", fields()),
    "by an event of @socket.io/redis-emitter": () => {
      node.emitter.emit("outcry:remove_member", fields());
      return node.published;
    },
  };
  for (const [name, end] of Object.entries(ways)) {
    it(`${name}: every socket of the user leaves on every node, is told, and stays out`, async () => {
      const clients = await tabs();
      for (const gateway of gateways)
        sql(gateway, `DELETE FROM challenges WHERE id = '${challenge}'`);
      await end();
      for (const client of clients) await assertRemoved(client);
      await node.emit(roomOf(challenge), "secret", 1);
      for (const client of clients) {
        const [answer] = await client.ask("join_challenge", { challenge_id: challenge });
        assert.equal(answer.code, "forbidden", "the remembered yes is forgotten");
        assert.ok(!client.has("secret"));
        assert.ok(!client.has("outcry:remove_member"));
      }
    });
  }

  it("counts who had to leave, and once", async () => {
    await tabs();
    assert.equal(await remove(), 2);
    assert.equal(await remove(), 0);
  });

  it("leaves other users and other rooms alone", async () => {
    const [client] = await tabs();
    await client.join(ann.second);
    const other = await Client.connect(gateways[0], tokenOf(bob.user));
    await other.join(bob.challenge);
    await remove();
    await assertRemoved(client);
    await node.emit(roomOf(ann.second), "second", 1);
    await client.next("second");
    await node.emit(roomOf(bob.challenge), "bobs", 1);
    await other.next("bobs");
  });

  it("answers a removal that can't be with what is wrong", async () => {
    for (const [body, pointer] of [
      [{ room: "a" }, "#/user"],
      [{ user: "a" }, "#/room"],
      [{ room: "", user: "a" }, "#/room"],
      [{ room: "a", user: 7 }, "#/user"],
      [{ room: "a", user: "b", namespace: "/none" }, "#/namespace"],
      [{ room: "a", user: "b", usr: "c" }, "#"],
      [[], "#"],
    ]) {
      const { status, body: text } = await gateways[0].post("/v1/remove", body);
      assert.equal(status, 422, text);
      assert.equal(JSON.parse(text).pointer, pointer);
    }
    assert.equal((await gateways[0].post("/v1/remove", {}, { "X-API-Key": "wrong" })).status, 403);
  });
});

describe("rooms.recheck_ms", () => {
  it("removes a member whose right has ended, and nobody while the store is away", async () => {
    const gateway = await Gateway.start({
      config: { rooms: { recheck_ms: 640 }, store: { cache_owned_ms: 0, cache_denied_ms: 0 } },
    });
    try {
      const { ann, bob } = gateway.people;
      const [one, two] = await Promise.all(
        [ann, bob].map(({ user }) => Client.connect(gateway, tokenOf(user))),
      );
      await one.join(ann.challenge);
      await two.join(bob.challenge);
      sql(gateway, "ALTER TABLE challenges RENAME TO elsewhere");
      const asked = async () =>
        (await gateway.metrics()).get('outcry_access_errors_total{policy="owner"}');
      const before = await asked();
      await eventually(
        "members are asked about in vain",
        async () => (await asked()) >= before + 4,
      );
      assert.ok(!one.has("error") && !two.has("error"));
      sql(gateway, "ALTER TABLE elsewhere RENAME TO challenges");
      sql(gateway, `DELETE FROM challenges WHERE id = '${ann.challenge}'`);
      assert.equal((await one.next("error"))[0].code, "removed");
      await gateway.publish(roomOf(bob.challenge), "stays", 1);
      await two.next("stays");
      assert.ok(!two.has("error"));
    } finally {
      await gateway.stop();
    }
  });
});
