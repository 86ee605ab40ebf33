// GET /v1/rooms/{room}/events on the clients' port: what a room was told, for a token that may join.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Gateway, ORIGIN, roomOf, sign, tokenOf } from "../support/gateway.mjs";
import { fetchText } from "../support/wire.mjs";
import { eventually } from "../support/process.mjs";

const ROOMS = { own: "user_{id}", lobby: "lobby", desk: "desk_{id}" };
const CONFIG = {
  recovery: { http_reads: true },
  rooms: {
    owner: ["challenge_{id}"],
    user: [ROOMS.own],
    public: [ROOMS.lobby],
    grant: [ROOMS.desk],
  },
};

/** Asks as a page would, with the user's token; the body is parsed. */
async function read(gateway, token, room, query = "", headers = {}) {
  const bearer = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const url = `${gateway.url}/v1/rooms/${encodeURIComponent(room)}/events${query}`;
  const answer = await fetchText(url, { headers: { ...bearer, ...headers } });
  return { ...answer, json: answer.body.startsWith("{") ? JSON.parse(answer.body) : undefined };
}

const numbers = (answer) => answer.json.events.map((event) => event.arguments[0].n);

describe("a client without a socket", () => {
  let gateway, ann, bob;
  before(async () => {
    gateway = await Gateway.start({ config: CONFIG });
    ({ ann, bob } = gateway.people);
    for (const n of [1, 2, 3]) await gateway.publish(roomOf(ann.challenge), "risk_alert", { n });
  });
  after(() => gateway.stop());

  it("reads what its rooms were told, and goes on from there", async () => {
    const room = roomOf(ann.challenge);
    const first = await read(gateway, tokenOf(ann.user), room, "?last=3&limit=2");
    assert.equal(first.status, 200, first.body);
    assert.deepEqual(numbers(first), [1, 2]);
    assert.equal(first.json.more, true);
    const rest = await read(gateway, tokenOf(ann.user), room, `?since=${first.json.offset}`);
    assert.deepEqual(numbers(rest), [3]);
    assert.equal(rest.json.more, false);
  });

  it("is served by whatever worker its connection is at", async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, () =>
        read(gateway, tokenOf(ann.user), roomOf(ann.challenge), "", { connection: "close" }),
      ),
    );
    for (const answer of answers) assert.deepEqual(numbers(answer), [1, 2, 3]);
  });

  it("may have its token in the query, as with a socket", async () => {
    const query = `?token=${tokenOf(ann.user)}`;
    assert.equal((await read(gateway, undefined, roomOf(ann.challenge), query)).status, 200);
  });

  it("is refused what it may not join, whether it is there or not", async () => {
    for (const room of [roomOf(bob.challenge), roomOf("nobody"), "elsewhere", `user_${bob.user}`]) {
      const answer = await read(gateway, tokenOf(ann.user), room);
      assert.equal(answer.status, 403, room);
      assert.equal(answer.json.code, "forbidden");
    }
    assert.ok((await gateway.metrics()).get('outcry_room_reads_total{verdict="denied"}') >= 4);
  });

  it("reads its own room and public ones, and with a grant that of the grant", async () => {
    assert.equal((await read(gateway, tokenOf(ann.user), `user_${ann.user}`)).status, 200);
    assert.equal((await read(gateway, tokenOf(ann.user), "lobby")).status, 200);
    const refused = await read(gateway, tokenOf(ann.user), "desk_7");
    assert.deepEqual([refused.status, refused.json.code], [403, "grant_required"]);
    const listed = tokenOf(ann.user, { rooms: ["desk_7"] });
    assert.equal((await read(gateway, listed, "desk_7")).status, 200);
  });

  const now = () => Math.floor(Date.now() / 1000);
  for (const [what, token, code] of [
    ["no token", () => undefined, "token_missing"],
    ["one that has expired", () => tokenOf("ann", { exp: now() - 60 }), "token_expired"],
    ["one that nobody signed", () => `${tokenOf("ann")}x`, "token_invalid"],
    ["another key's", () => sign({ user_id: "ann", exp: now() + 60 }, { secret: "x".repeat(48) }), "token_invalid"],
  ]) {
    it(`is answered 401 for ${what}`, async () => {
      const answer = await read(gateway, token(), "lobby");
      assert.equal(answer.status, 401);
      assert.equal(answer.json.code, code);
      assert.equal(answer.headers["www-authenticate"], "Bearer");
    });
  }

  it("is answered 401 as soon as its token was taken back", async () => {
    const token = tokenOf(ann.user, { jti: "taken-back" });
    assert.equal((await read(gateway, token, "lobby")).status, 200);
    await gateway.post("/v1/revoke", { jti: "taken-back" });
    await eventually("every worker knows", async () => {
      const answers = await Promise.all(Array.from({ length: 8 }, () => read(gateway, token, "lobby")));
      return answers.every(({ json }) => json.code === "token_revoked");
    });
  });

  it("is told what is wrong with what it asks for", async () => {
    for (const query of ["?last=0", "?last=many", "?limit=1001", "?since=", "?since=x&last=1"]) {
      const answer = await read(gateway, tokenOf(ann.user), "lobby", query);
      assert.deepEqual([answer.status, answer.json.code], [400, "bad_request"], query);
    }
    const unknown = await read(gateway, tokenOf(ann.user), "lobby", "?since=AAAAABAAAAAAABAAAAAAAB");
    assert.equal(unknown.status, 400);
    const { status } = await fetchText(`${gateway.url}/v1/rooms/lobby/members`);
    assert.equal(status, 404);
  });

  it("may be a page of a known origin, and of no other", async () => {
    const room = roomOf(ann.challenge);
    const known = await read(gateway, tokenOf(ann.user), room, "", { origin: ORIGIN });
    assert.equal(known.headers["access-control-allow-origin"], ORIGIN);
    const other = await read(gateway, tokenOf(ann.user), room, "", { origin: "https://evil.example" });
    assert.equal(other.status, 403);
    assert.equal(other.headers["access-control-allow-origin"], undefined);
  });
});

describe("a client that reads too much", () => {
  let gateway;
  before(async () => {
    const limits = { exempt_addresses: [], user_joins_per_second: 1, user_joins_burst: 3 };
    gateway = await Gateway.start({ config: { ...CONFIG, limits } });
  });
  after(() => gateway.stop());

  it("is told to wait, as for joins", async () => {
    const token = tokenOf(gateway.people.ann.user);
    const refused = await eventually("refused", async () => {
      const answer = await read(gateway, token, "lobby");
      return answer.status !== 200 && answer;
    });
    assert.deepEqual([refused.status, refused.json.code], [429, "rate_limited"]);
    assert.match(refused.headers["retry-after"], /^[1-9]\d*$/);
  });
});

describe("a gateway that wasn't told to answer reads", () => {
  let gateway;
  before(async () => (gateway = await Gateway.start()));
  after(() => gateway.stop());

  it("has no such path", async () => {
    assert.equal((await read(gateway, tokenOf("ann"), "lobby")).status, 404);
  });
});
