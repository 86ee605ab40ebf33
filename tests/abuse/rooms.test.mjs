// Guessed rooms, and commands of every wrong shape. The answer of each row is the code that the
// asker is told, by `error` and by the acknowledgement; at the end, nobody has seen anything.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { Client } from "../support/clients.mjs";
import { accessTokenOf, roomOf, sign, tokenOf } from "../support/gateway.mjs";
import { RawSocket, textFrame } from "./support/raw_socket.mjs";
import { Target, tellCount, withstand } from "./support/target.mjs";

const GRANT_SECRET = randomBytes(48).toString("base64");
const now = () => Math.floor(Date.now() / 1000);
let target, mallory;

before(async () => {
  target = await Target.start({
    config: {
      rooms: { grant: ["desk_{id}"] },
      policy_grant: { secret: GRANT_SECRET },
      socketio: { rooms_per_socket_max: 20, pending_joins_max: 8 },
      // One attacker asks for all of it here; what becomes of one who guesses is below.
      limits: { user_failed_joins_delay_at: 1_000, user_failed_joins_ban_at: 1_000 },
    },
  });
  mallory = await Client.connect(target.gateway, tokenOf("mallory"));
});
after(async () => {
  mallory?.close();
  await target?.stop();
});
tellCount("rooms");

/** Emits with an acknowledgement: the code in it, which the `error` event must have as well. */
async function codeOf(attacked, event, ...args) {
  const [answer] = await mallory.ask(event, ...args.map((arg) => arg(attacked)));
  if (answer.status === "ok") return "ok";
  if (answer.code !== "unknown_event") {
    const [error] = await mallory.next("error");
    assert.equal(error.code, answer.code);
    assert.equal(error.message, answer.message);
  }
  return answer.code;
}

const of = (value) => () => value;

describe("objects of others", () => {
  const challenge =
    (edit) =>
    ({ ann }) => ({ challenge_id: edit(ann.challenge) });
  withstand(
    () => target,
    [
      ["another's", "forbidden", "join_challenge", challenge((id) => id)],
      [
        "another's, in capitals",
        "forbidden",
        "join_challenge",
        challenge((id) => id.toUpperCase()),
      ],
      [
        "one that doesn't exist",
        "forbidden",
        "join_challenge",
        of({ challenge_id: "00000000-0000-0000-0000-000000000000" }),
      ],
      [
        "another's, with the room's prefix",
        "forbidden",
        "join_challenge",
        challenge((id) => `challenge_${id}`),
      ],
      [
        "another's, by its room's name",
        "forbidden",
        "join_room",
        ({ ann }) => ({ room: roomOf(ann.challenge) }),
      ],
      ["another's own room", "forbidden", "join_room", ({ ann }) => ({ room: `user_${ann.user}` })],
      [
        "another socket's own room",
        "forbidden",
        "join_room",
        ({ canary }) => ({ room: canary.socket.id }),
      ],
      ["a room of no template", "forbidden", "join_room", of({ room: "nothing" })],
      [
        "a room that only begins like a template",
        "forbidden",
        "join_room",
        of({ room: "challenge_" }),
      ],
      [
        "a literal with something behind",
        "forbidden",
        "join_room",
        of({ room: "market_updates_" }),
      ],
      ["a literal in capitals", "forbidden", "join_room", of({ room: "MARKET_UPDATES" })],
      ["a room that needs a grant", "grant_required", "join_room", of({ room: "desk_7" })],
      ["__proto__", "forbidden", "join_room", of({ room: "__proto__" })],
      ["constructor", "forbidden", "join_room", of({ room: "constructor" })],
      ["toString as an object", "forbidden", "join_challenge", of({ challenge_id: "toString" })],
    ],
    codeOf,
  );
});

describe("ids of the wrong shape", () => {
  const id = (value) => of({ challenge_id: value });
  const many = (text, count) => text.repeat(count);
  withstand(
    () => target,
    [
      ["SQL that is always true", "bad_request", "join_challenge", id("' OR 1=1 --")],
      ["SQL that unites", "bad_request", "join_challenge", id("x' UNION SELECT 1 --")],
      ["SQL that ends", "bad_request", "join_challenge", id("1; DROP TABLE challenges")],
      ["a placeholder of SQL", "bad_request", "join_challenge", id("$1")],
      ["a wildcard", "bad_request", "join_challenge", id("%")],
      ["a star", "bad_request", "join_challenge", id("*")],
      ["a path", "bad_request", "join_challenge", id("../x")],
      ["a template", "bad_request", "join_challenge", id("{id}")],
      ["a script", "bad_request", "join_challenge", id("<script>")],
      [
        "a NUL",
        "bad_request",
        "join_challenge",
        ({ ann }) => ({ challenge_id: `${ann.challenge}\0` }),
      ],
      [
        "a line feed",
        "bad_request",
        "join_challenge",
        ({ ann }) => ({ challenge_id: `${ann.challenge}\n` }),
      ],
      [
        "a space behind",
        "bad_request",
        "join_challenge",
        ({ bob }) => ({ challenge_id: `${bob.challenge} ` }),
      ],
      ["a letter that looks alike", "bad_request", "join_challenge", id("\u0430bc")],
      ["a character without width", "bad_request", "join_challenge", id("abc\u200b")],
      ["an emoji", "bad_request", "join_challenge", id("🦊")],
      ["nothing", "bad_request", "join_challenge", id("")],
      ["129 characters", "bad_request", "join_challenge", id(many("x", 129))],
      ["128 characters", "forbidden", "join_challenge", id(many("x", 128))],
      ["900,000 characters", "bad_request", "join_challenge", id(many("x", 900_000))],
      ["a number", "bad_request", "join_challenge", id(42)],
      ["true", "bad_request", "join_challenge", id(true)],
      ["null", "bad_request", "join_challenge", id(null)],
      ["an object", "bad_request", "join_challenge", id({ $ne: null })],
      [
        "an array",
        "bad_request",
        "join_challenge",
        ({ bob }) => ({ challenge_id: [bob.challenge] }),
      ],
      ["octets", "bad_request", "join_challenge", id(Buffer.from("x"))],
      ["a room of 257 characters", "bad_request", "join_room", of({ room: many("x", 257) })],
      ["a room with a space", "bad_request", "join_room", of({ room: "a b" })],
      ["a room with a colon of two octets", "bad_request", "join_room", of({ room: "a\u2236b" })],
      ["a room that is a list", "bad_request", "join_room", of({ room: ["market_updates"] })],
      [
        "a symbol that is a path",
        "bad_request",
        "subscribe_symbol",
        ({ ann }) => ({ symbol: `../${roomOf(ann.challenge)}` }),
      ],
      ["leaving what is no id", "bad_request", "leave_challenge", id("' OR 1=1")],
      ["leaving nothing", "bad_request", "leave_room", of({})],
    ],
    codeOf,
  );
});

describe("arguments of the wrong shape", () => {
  withstand(
    () => target,
    [
      ["none", "bad_request", "join_challenge"],
      ["null", "bad_request", "join_challenge", of(null)],
      ["a number", "bad_request", "join_challenge", of(42)],
      ["a text", "bad_request", "join_challenge", ({ bob }) => bob.challenge],
      ["an array", "bad_request", "join_challenge", ({ bob }) => [{ challenge_id: bob.challenge }]],
      ["an empty object", "bad_request", "join_challenge", of({})],
      [
        "another member's name",
        "bad_request",
        "join_challenge",
        ({ bob }) => ({ challenge: bob.challenge }),
      ],
      ["octets", "bad_request", "join_challenge", of(Buffer.from("x"))],
      ["a command in capitals", "unknown_event", "JOIN_CHALLENGE", of({})],
      ["a command with a space", "unknown_event", "join_challenge ", of({})],
      ["a command of the old kind", "unknown_event", "join", ({ ann }) => roomOf(ann.challenge)],
      [
        "a command of this server's",
        "unknown_event",
        "outcry:remove_member",
        ({ ann }) => ({ room: roomOf(ann.challenge), user: ann.user }),
      ],
      ["an event for others", "unknown_event", "risk_alert", of({ level: 9 })],
      ["the admin's", "unknown_event", "emit", of("/")],
      ["__proto__", "unknown_event", "__proto__", of({})],
      ["a name of 100,000 characters", "unknown_event", "x".repeat(100_000), of({})],
    ],
    codeOf,
  );
});

describe("grants", () => {
  const grant = (claims, secret = GRANT_SECRET) =>
    sign(
      { type: "grant", sub: "mallory", rooms: ["desk_7"], iat: now(), exp: now() + 60, ...claims },
      { secret },
    );
  const desk = (text) => () => ({
    room: "desk_7",
    grant: typeof text === "function" ? text() : text,
  });
  withstand(
    () => target,
    [
      ["nonsense", "forbidden", "join_room", desk("nonsense")],
      ["of another type than text", "grant_required", "join_room", desk(42)],
      ["of another user", "forbidden", "join_room", desk(() => grant({ sub: "ann" }))],
      ["of another room", "forbidden", "join_room", desk(() => grant({ rooms: ["desk_8"] }))],
      [
        "of rooms that begin otherwise",
        "forbidden",
        "join_room",
        desk(() => grant({ rooms: ["desk_70*"] })),
      ],
      ["of a star in the middle", "forbidden", "join_room", desk(() => grant({ rooms: ["*_7"] }))],
      [
        "of another secret",
        "forbidden",
        "join_room",
        desk(() => grant({}, "another secret of 32 octets, 0123456789")),
      ],
      [
        "that is a token",
        "forbidden",
        "join_room",
        desk(() => tokenOf("mallory", { rooms: ["desk_7"] })),
      ],
      [
        "that is a token by the grants' secret",
        "forbidden",
        "join_room",
        desk(() => grant({ type: "access" })),
      ],
      [
        "that has ended",
        "grant_expired",
        "join_room",
        desk(() => grant({ iat: now() - 200, exp: now() - 100 })),
      ],
      [
        "that is too old",
        "grant_expired",
        "join_room",
        desk(() => grant({ iat: now() - 2_000, exp: now() + 60 })),
      ],
      ["without an end", "forbidden", "join_room", desk(() => grant({ exp: undefined }))],
      [
        "for a room that the store decides",
        "forbidden",
        "join_challenge",
        ({ ann }) => ({
          challenge_id: ann.challenge,
          grant: grant({ rooms: [roomOf(ann.challenge)] }),
        }),
      ],
      [
        "for another user's own room",
        "forbidden",
        "join_room",
        ({ ann }) => ({ room: `user_${ann.user}`, grant: grant({ rooms: ["*"] }) }),
      ],
    ],
    codeOf,
  );
});

describe("many of them", () => {
  /** Sends all of it at once; the code by which the connection ends. */
  async function storm(attacked, packets) {
    const socket = await attacked.connected("stormy");
    socket.send(Buffer.concat(packets.map(textFrame)));
    return socket.end();
  }
  const joins = (count, idOf) =>
    Array.from({ length: count }, (_, at) => `42["join_challenge",{"challenge_id":"${idOf(at)}"}]`);
  withstand(
    () => target,
    [
      ["5,000 guesses at once", 4430, joins(5_000, (at) => `guess-${at}`)],
      ["5,000 times the same", 4430, joins(5_000, () => "the-same")],
      [
        "5,000 rooms that are open",
        4430,
        Array.from({ length: 5_000 }, (_, at) => `42["subscribe_symbol",{"symbol":"${at}"}]`),
      ],
    ],
    storm,
  );

  it("21 rooms: the last one is refused", async () => {
    const client = await Client.connect(target.gateway, tokenOf("collector"));
    const codes = [];
    for (let number = 0; number < 21; number += 1) {
      const [answer] = await client.ask("subscribe_symbol", { symbol: `S${number}` });
      codes.push(answer.code ?? answer.status);
    }
    // One of the twenty is the room that every socket has.
    assert.deepEqual(codes.slice(0, 19), Array(19).fill("ok"));
    assert.equal(codes.at(-1), "too_many_rooms");
    client.close();
  });
});

describe("one who guesses", () => {
  let guarded;
  before(async () => {
    const limits = {
      user_failed_joins_delay_at: 5,
      user_failed_joins_ban_at: 10,
      failed_join_delay_ms: 50,
    };
    guarded = await Target.start({ config: { limits } });
  });
  after(() => guarded?.stop());

  /** Guesses until the connection ends: [its code, what a new CONNECT is told]. */
  async function guess(attacked, user, idOf) {
    const socket = await attacked.connected(user);
    let ended = false;
    socket.closed.then(() => (ended = true));
    for (let number = 0; !ended && number < 100; number += 1) {
      socket.send(textFrame(`42["join_challenge",{"challenge_id":"${idOf(attacked, number)}"}]`));
      await Promise.race([socket.next("an answer").catch(() => {}), socket.closed]);
    }
    const code = await socket.end();
    const again = await RawSocket.open(attacked.port);
    await again.next();
    again.send(textFrame(`40${JSON.stringify({ token: tokenOf(user) })}`));
    const answer = await again.next();
    again.drop();
    return [code, JSON.parse(answer.slice(2)).data.code];
  }
  withstand(
    () => guarded,
    [
      ["by numbers", [4403, "banned"], "guesser-1", (_, number) => `${number}`],
      ["the same each time", [4403, "banned"], "guesser-2", () => "1"],
      ["what is the canary's", [4403, "banned"], "guesser-3", ({ ann }) => ann.challenge],
    ],
    guess,
  );
});

describe("after all this", () => {
  it("the attacker has received nothing of others", async () => {
    const { gateway, ann } = target;
    const other = await Client.connect(gateway, accessTokenOf(ann.user));
    await gateway.publish(roomOf(ann.challenge), "secret", 1);
    await gateway.publish(`user_${ann.user}`, "secret", 2);
    await gateway.publish("desk_7", "secret", 3);
    await other.next("secret");
    const marker = await mallory.ask("subscribe_symbol", { symbol: "LAST" });
    assert.equal(marker[0].status, "ok");
    await gateway.publish("symbol_LAST", "last", 1);
    await mallory.next("last");
    assert.ok(!mallory.has("secret"));
    assert.ok(!mallory.has("canary"));
    other.close();
  });
});
