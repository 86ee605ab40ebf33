// Who may connect, and what each generation of front ends is greeted with.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { Client, TRANSPORTS, VERSIONS, disconnectAll } from "../support/clients.mjs";
import { Gateway, ORIGIN, accessTokenOf, roomOf, sign, tokenOf } from "../support/gateway.mjs";
import { fetchText } from "../support/wire.mjs";

let gateway, ann;
const now = () => Math.floor(Date.now() / 1000);

before(async () => {
  gateway = await Gateway.start();
  ({ ann } = gateway.people);
});
afterEach(disconnectAll);
after(() => gateway?.stop());

describe("a bad token is refused with connect_error and data", () => {
  const hour = 3600;
  const cases = {
    "no token at all": () => undefined,
    "an empty token": () => "",
    "no JWT": () => "not-a-token",
    "three empty parts": () => "..",
    "another secret's signature": () =>
      sign(
        { user_id: "x", iat: now(), exp: now() + hour },
        { secret: "another secret of 32 octets, 0123456789" },
      ),
    "no signature": () => tokenOf("x").replace(/\.[^.]*$/, "."),
    "a changed payload": () => tokenOf("x").replace(/\.[^.]*\./, `.${tokenOf("y").split(".")[1]}.`),
    "alg none": () => sign({ user_id: "x", exp: now() + hour }, { header: { alg: "none" } }),
    "alg HS512": () => sign({ user_id: "x", exp: now() + hour }, { header: { alg: "HS512" } }),
    "alg RS256": () => sign({ user_id: "x", exp: now() + hour }, { header: { alg: "RS256" } }),
    "an unknown crit header": () =>
      sign(
        { user_id: "x", iat: now(), exp: now() + hour },
        { header: { crit: ["unknown"], unknown: 1 } },
      ),
    "an expired token": () => tokenOf("x", { iat: now() - 2 * hour, exp: now() - hour }),
    "a token of two hours ago": () => tokenOf("x", { iat: now() - 2 * hour, exp: now() + hour }),
    "a token from the future": () => tokenOf("x", { nbf: now() + hour }),
    "no end": () => tokenOf("x", { exp: undefined }),
    "an end that is a text": () => tokenOf("x", { exp: "tomorrow" }),
    "a numeric user": () => tokenOf(42),
    "an empty user": () => tokenOf(""),
    "no user": () => sign({ iat: now(), exp: now() + hour }),
    "a payload that is not JSON": () => sign("nonsense"),
    "a payload that is not UTF-8": () => sign(`{"user_id":"\xff\xfe","exp":${now() + hour}}`),
    "a refresh token": () => accessTokenOf("x", { type: "refresh", exp: now() + 7 * 24 * hour }),
    "an endless token": () => tokenOf("x".repeat(20_000)),
  };
  for (const [name, token] of Object.entries(cases)) {
    it(name, async () => {
      const client = new Client(gateway, { auth: { token: token() } });
      const error = await client.refused();
      assert.ok(error.message.length > 0);
      assert.ok(["string", "number"].includes(typeof error.data?.code), JSON.stringify(error.data));
      assert.equal(typeof error.data.retryable, "boolean");
      assert.ok(!client.socket.connected);
    });
  }

  it("says the same to every client version and transport", async () => {
    for (const version of Object.keys(VERSIONS)) {
      for (const transports of Object.values(TRANSPORTS)) {
        const client = new Client(gateway, { version, transports, auth: { token: "bad" } });
        const error = await client.refused();
        assert.equal(typeof error.data.retryable, "boolean", `${version} ${transports}`);
      }
    }
  });
});

describe("the token is taken from", () => {
  const places = {
    "the CONNECT payload": (token) => ({ auth: { token } }),
    "the query": (token) => ({ query: { token } }),
    "Authorization: Bearer": (token) => ({ extraHeaders: { Authorization: `Bearer ${token}` } }),
  };
  for (const [place, options] of Object.entries(places)) {
    for (const [name, transports] of Object.entries(TRANSPORTS)) {
      it(`${place}, ${name}`, async () => {
        const client = new Client(gateway, { transports, ...options(tokenOf(ann.user)) });
        await client.connected();
        assert.equal((await client.join(ann.challenge)).challenge_id, ann.challenge);
      });
    }
  }

  it("the CONNECT payload before all others", async () => {
    const client = new Client(gateway, {
      auth: { token: "bad" },
      query: { token: tokenOf(ann.user) },
    });
    await client.refused();
  });
});

describe("the first generation (user_id)", () => {
  it("is sent nothing on connect", async () => {
    const client = await Client.connect(gateway, tokenOf(ann.user));
    await client.join(ann.challenge);
    // Where it is, which the stock client keeps for itself, is no greeting.
    const events = client.log.filter((event) => event !== "position");
    assert.deepEqual(events, ["joined_challenge"]);
  });
});

describe("the second generation (sub)", () => {
  const connect = () => Client.connect(gateway, accessTokenOf(ann.user));

  it("is greeted with connected, and in its own rooms at once", async () => {
    const client = await connect();
    const [greeting] = await client.next("connected");
    assert.equal(greeting.user_id, ann.user);
    assert.equal(typeof greeting.status, "string");
    assert.ok(Math.abs(Date.parse(greeting.timestamp) - Date.now()) < 60_000, greeting.timestamp);
    await gateway.publish(`user_${ann.user}`, "personal", 1);
    await client.next("personal");
    await gateway.publish("market_updates", "market", 1);
    await client.next("market");
  });

  it("subscribes to a symbol, receives it, and unsubscribes", async () => {
    const client = await connect();
    client.emit("subscribe_symbol", { symbol: "EURUSD" });
    assert.equal((await client.next("subscribed"))[0].symbol, "EURUSD");
    await gateway.publish("symbol_EURUSD", "quote", { bid: "1.08" });
    assert.equal((await client.next("quote"))[0].bid, "1.08");
    client.emit("unsubscribe_symbol", { symbol: "EURUSD" });
    assert.equal((await client.next("unsubscribed"))[0].symbol, "EURUSD");
    await gateway.publish("symbol_EURUSD", "late", 1);
    await gateway.publish("market_updates", "last", 1);
    await client.next("last");
    assert.ok(!client.has("late"));
  });

  it("acknowledges subscriptions", async () => {
    const client = await connect();
    await client.ask("subscribe_symbol", { symbol: "XAUUSD" });
    await client.ask("unsubscribe_symbol", { symbol: "XAUUSD" });
  });

  it("joins and leaves challenges, and is answered left_challenge", async () => {
    const client = await connect();
    await client.join(ann.challenge);
    await gateway.publish(roomOf(ann.challenge), "equity_updated", { challenge_id: ann.challenge });
    await client.next("EQUITY_UPDATED");
    client.emit("leave_challenge", { challenge_id: ann.challenge });
    assert.equal((await client.next("left_challenge"))[0].challenge_id, ann.challenge);
  });

  it("does not hear another user's personal room", async () => {
    const [client, other] = [
      await connect(),
      await Client.connect(gateway, accessTokenOf("other")),
    ];
    await gateway.publish(`user_${ann.user}`, "personal", 1);
    await gateway.publish("market_updates", "last", 1);
    await Promise.all([client.next("personal"), other.next("last")]);
    assert.ok(!other.has("personal"));
  });
});

describe("Origin", () => {
  const url = () => `${gateway.url}/socket.io/?EIO=4&transport=polling`;

  it("serves pages of an allowed origin, with CORS headers on errors too", async () => {
    for (const query of ["", "&sid=unknown"]) {
      const answer = await fetchText(url() + query, { headers: { Origin: ORIGIN } });
      assert.equal(answer.headers["access-control-allow-origin"], ORIGIN);
      assert.match(answer.headers.vary, /Origin/i);
    }
  });

  for (const origin of [
    "https://evil.example",
    "https://app.example.com.evil.example",
    "http://app.example.com",
    "null",
    `${ORIGIN}:8443`,
  ]) {
    it(`does not serve ${origin}, over polling or WebSocket`, async () => {
      const answer = await fetchText(url(), { headers: { Origin: origin } });
      assert.equal(answer.status, 403, answer.body);
      assert.equal(answer.headers["access-control-allow-origin"], undefined);
      const client = new Client(gateway, {
        auth: { token: tokenOf(ann.user) },
        extraHeaders: { Origin: origin },
      });
      await client.refused();
    });
  }

  it("does not compress unless it is configured", async () => {
    const client = await Client.connect(gateway, tokenOf(ann.user));
    assert.equal(client.socket.io.engine.transport.ws.extensions, "");
  });
});

describe("a socket ends with its token", () => {
  it("is closed when the token expires, leeway included", async () => {
    const strict = await Gateway.start({ config: { auth: { leeway_s: 0 } } });
    try {
      const { user } = strict.people.ann;
      const client = await Client.connect(strict, tokenOf(user, { exp: now() + 2 }));
      await client.disconnects.take("the end of the socket", 8_000);
    } finally {
      await strict.stop();
    }
  });
});
