// Tokens of every algorithm, and keys that come and go, by stock clients.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { Certificates } from "../support/certificates.mjs";
import { Client, TRANSPORTS, VERSIONS, disconnectAll } from "../support/clients.mjs";
import { Gateway, SECRET, accessTokenOf, roomOf, sign, tokenOf } from "../support/gateway.mjs";
import { ALGORITHMS, IssuerKey, KeyServer, claimsOf, pythonToken } from "../support/issuer.mjs";
import { eventually, stopAll } from "../support/process.mjs";
import { NodePublisher, RedisServer } from "../support/redis.mjs";
import { fetchText } from "../support/wire.mjs";

afterEach(disconnectAll);

async function refusalOf(gateway, token) {
  const client = new Client(gateway, { auth: { token }, reconnection: false });
  const error = await client.refused();
  return error.data.code;
}

describe("keys in files", () => {
  const keys = new Map(ALGORITHMS.map((name) => [name, new IssuerKey(`pem-${name}`, name)]));
  const listed = new IssuerKey("listed", "ES256");
  const shared = "Kq7vXw2mZt9Lr4Yb6Hc1Ne8Sg3Ud5Jf0";
  let directory, gateway, user;

  before(async () => {
    directory = mkdtempSync(path.join(tmpdir(), "outcry-keys-"));
    const public_keys = {};
    for (const [name, key] of keys) {
      writeFileSync(path.join(directory, `${name}.pem`), key.pem);
      public_keys[key.kid] = `${name} ${path.join(directory, `${name}.pem`)}`;
    }
    const k = Buffer.from(shared).toString("base64url");
    const set = [listed.jwk, { kty: "oct", kid: "shared", alg: "HS256", k }];
    const jwks_file = path.join(directory, "jwks.json");
    writeFileSync(jwks_file, JSON.stringify({ keys: set }));
    gateway = await Gateway.start({ config: { auth: { public_keys, jwks_file } } });
    user = gateway.people.ann.user;
  });
  after(async () => {
    await stopAll(gateway);
    rmSync(directory, { recursive: true, force: true });
  });

  for (const name of ALGORITHMS) {
    it(`${name}: a token of Node's crypto`, async () => {
      const client = await Client.connect(gateway, keys.get(name).tokenOf(user));
      await client.join(gateway.people.ann.challenge);
    });
    it(`${name}: a token of python3-jwt`, async () => {
      const client = await Client.connect(gateway, keys.get(name).pythonTokenOf(user));
      await client.join(gateway.people.ann.challenge);
    });
    it(`${name}: another key's token under its name is refused`, async () => {
      const forged = new IssuerKey(keys.get(name).kid, name).tokenOf(user);
      assert.equal(await refusalOf(gateway, forged), "token_invalid");
    });
  }

  it("the secret beside them serves as before", async () => {
    await Client.connect(gateway, tokenOf(user));
    const order = { key: SECRET, algorithm: "HS256", claims: claimsOf(user) };
    await Client.connect(gateway, pythonToken(order));
  });

  it("a set in a file brings keys and secrets by their names", async () => {
    await Client.connect(gateway, listed.tokenOf(user));
    const header = { kid: "shared" };
    await Client.connect(gateway, sign(claimsOf(user), { secret: shared, header }));
  });

  it("a name that no key has is refused", async () => {
    const token = listed.sign(claimsOf(user), { kid: "nobody" });
    assert.equal(await refusalOf(gateway, token), "token_invalid");
  });

  it("the algorithm is the key's: not the header's, and a public key is no secret", async () => {
    const rsa = keys.get("RS256");
    const encoded = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const inputOf = (alg) => `${encoded({ alg, kid: rsa.kid })}.${encoded(claimsOf(user))}`;
    for (const alg of ["HS256", "HS384", "HS512"]) {
      const input = inputOf(alg);
      const hash = `sha${alg.slice(2)}`;
      const mac = createHmac(hash, rsa.pem).update(input).digest("base64url");
      assert.equal(await refusalOf(gateway, `${input}.${mac}`), "token_invalid", alg);
    }
    for (const alg of ["none", "None", "PS256", "ES256", "EdDSA"]) {
      const token = rsa.sign(claimsOf(user), { alg });
      assert.equal(await refusalOf(gateway, token), "token_invalid", alg);
      assert.equal(await refusalOf(gateway, `${inputOf(alg)}.`), "token_invalid", alg);
    }
  });

  it("a refresh token is refused whoever signed it", async () => {
    const token = keys.get("EdDSA").tokenOf(user, { type: "refresh" });
    assert.equal(await refusalOf(gateway, token), "token_refresh");
  });
});

describe("claims", () => {
  let gateway, user;
  before(async () => {
    const auth = {
      issuer: "https://id.example.com",
      audience: "live",
      required_claims: ["tenant", "env=live"],
      identity_claims: ["email", "sub"],
    };
    gateway = await Gateway.start({ config: { auth } });
    user = gateway.people.ann.user;
  });
  after(() => stopAll(gateway));

  const good = { iss: "https://id.example.com", aud: ["x", "live"], tenant: "a", env: "live" };
  const tokenWith = (more) => sign(claimsOf(user, { ...good, ...more }));

  it("those that are asked for let a client in", async () => {
    await Client.connect(gateway, tokenWith({}));
  });
  for (const [name, more] of Object.entries({
    "no issuer": { iss: undefined },
    "another audience": { aud: "shop" },
    "a required claim missing": { tenant: undefined },
    "a required claim that is null": { tenant: null },
    "a required claim with another text": { env: "test" },
    "a first identity claim that can't be used": { email: 7 },
  })) {
    it(`${name}: refused`, async () => {
      assert.equal(await refusalOf(gateway, tokenWith(more)), "token_invalid");
    });
  }
});

describe("keys at a URL", () => {
  const certificates = new Certificates();
  let keys, first, server, gateway, user;

  /** Configuration of [auth]; no secret but this. */
  const authOf = (more = {}) => ({
    secret: "",
    jwks_url: server.url,
    jwks_ca_file: certificates.rootFile,
    jwks_refetch_min_s: 1,
    ...more,
  });
  before(async () => {
    first = new IssuerKey("first", "ES256");
    keys = [first];
    server = await KeyServer.start(certificates, keys);
    gateway = await Gateway.start({ config: { auth: authOf(), recovery: { http_reads: true } } });
    user = gateway.people.ann.user;
    await gateway.untilReady();
  });
  after(async () => {
    await stopAll(gateway, server);
    certificates.remove();
  });

  const failing = async () => (await gateway.metrics()).get("outcry_jwks_failing");
  /** Until a fetch that an unknown key causes is allowed again. */
  const pause = () => new Promise((resolve) => setTimeout(resolve, 1_100));

  it("let clients in", async () => {
    const client = await Client.connect(gateway, first.tokenOf(user));
    await client.join(gateway.people.ann.challenge);
  });

  it("a key that is rotated in is fetched, and its first client waits for it", async () => {
    await pause();
    const second = new IssuerKey("second", "RS256");
    keys.push(second);
    const before = server.requests;
    const clients = await Promise.all(
      Array.from({ length: 20 }, () => Client.connect(gateway, second.tokenOf(user))),
    );
    assert.equal(clients.length, 20);
    assert.equal(server.requests, before + 1, "one fetch for all of them");
    await Client.connect(gateway, first.tokenOf(user));
  });

  it("a key that is rotated in is fetched for who reads, and his next try finds it", async () => {
    await pause();
    const third = new IssuerKey("third", "ES256");
    keys.push(third);
    const headers = { authorization: `Bearer ${third.tokenOf(user)}` };
    const read = () => fetchText(`${gateway.url}/v1/rooms/market_updates/events`, { headers });
    const refused = await read();
    assert.equal(refused.status, 401);
    assert.equal(JSON.parse(refused.body).code, "token_key_unknown");
    assert.equal(refused.headers["retry-after"], "1");
    await eventually("its key is there", async () => (await read()).status === 200);
  });

  it("unknown names cause no flood of requests, and are told to come again", async () => {
    await pause();
    const before = server.requests;
    for (let i = 0; i < 50; ++i) {
      const token = first.sign(claimsOf(user), { kid: `made-up-${i}` });
      const client = new Client(gateway, { auth: { token }, reconnection: false });
      const { data } = await client.refused();
      assert.deepEqual(data, {
        code: "token_key_unknown",
        retryable: true,
        retry_after_ms: 1_000,
      });
    }
    assert.ok(server.requests - before <= 3, `${server.requests - before} requests`);
  });

  it("a key that is withdrawn serves no more, not from memory either", async () => {
    const token = first.tokenOf(user);
    await Client.connect(gateway, token);
    keys.shift();
    await pause();
    assert.equal(await refusalOf(gateway, first.sign(claimsOf(user), { kid: "x" })), "token_key_unknown");
    assert.equal(await refusalOf(gateway, token), "token_key_unknown");
    keys.unshift(first);
  });

  it("the last good set serves while the provider is down", async () => {
    await pause();
    await Client.connect(gateway, first.tokenOf(user));
    await server.down();
    await pause();
    const stranger = new IssuerKey("stranger", "EdDSA");
    assert.equal(await refusalOf(gateway, stranger.tokenOf(user)), "token_key_unknown");
    assert.equal(await failing(), 1);
    await Client.connect(gateway, first.tokenOf(user));
    const readiness = await gateway.readiness();
    assert.equal(readiness.status, 200);
    assert.match(readiness.body, /the last fetch failed/);
    await server.up();
    keys.push(stranger);
    await eventually("the provider is heard again", async () => (await failing()) === 0);
    await Client.connect(gateway, stranger.tokenOf(user));
  });

  it("are not taken from a server whose certificate leads nowhere", async () => {
    const others = new Certificates();
    const strict = await Gateway.start({ config: { auth: authOf({ jwks_ca_file: others.rootFile }) } });
    try {
      assert.equal(await refusalOf(strict, first.tokenOf(user)), "token_key_unknown");
      const readiness = await strict.readiness();
      assert.equal(readiness.status, 503);
      assert.match(readiness.body, /certificate/);
    } finally {
      await strict.stop();
      others.remove();
    }
  });

  it("are waited for by the first client of a new process", async () => {
    let release;
    const held = new Promise((resolve) => (release = resolve));
    server.respond = async (request, response) => {
      await held;
      response.end(JSON.stringify({ keys: [first.jwk] }));
    };
    const late = await Gateway.start({ config: { auth: authOf({ jwks_timeout_ms: 20_000 }) } });
    try {
      const client = new Client(late, { auth: { token: first.tokenOf(user) } });
      await eventually(
        "the client waits",
        async () => (await late.metrics()).get("outcry_token_key_waits_total") === 1,
      );
      assert.equal((await late.readiness()).status, 503);
      release();
      await client.connected();
      assert.equal((await late.readiness()).status, 200);
    } finally {
      server.respond = undefined;
      await late.stop();
    }
  });
});

describe("keys in files that change", () => {
  let directory, gateway;
  before(() => {
    directory = mkdtempSync(path.join(tmpdir(), "outcry-keys-"));
  });
  after(async () => {
    await stopAll(gateway);
    rmSync(directory, { recursive: true, force: true });
  });

  it("are read again by a reload, and the old key's token is refused", async () => {
    const [old, fresh] = [new IssuerKey("a", "ES256"), new IssuerKey("a", "ES256")];
    const file = path.join(directory, "a.pem");
    writeFileSync(file, old.pem);
    const auth = { secret: "", public_keys: { a: `ES256 ${file}` } };
    gateway = await Gateway.start({ config: { auth } });
    const { user } = gateway.people.ann;
    const token = old.tokenOf(user);
    await Client.connect(gateway, token);
    writeFileSync(file, fresh.pem);
    const answer = await gateway.post("/v1/reload", "");
    assert.deepEqual(JSON.parse(answer.body).changed, ["auth.public_keys"]);
    await Client.connect(gateway, fresh.tokenOf(user));
    assert.equal(await refusalOf(gateway, token), "token_invalid");
    writeFileSync(file, "nonsense");
    assert.equal((await gateway.post("/v1/reload", "")).status, 422);
    await Client.connect(gateway, fresh.tokenOf(user));
  });
});

describe("a new token in band", () => {
  let gateway, user;
  before(async () => {
    gateway = await Gateway.start({ config: { auth: { leeway_s: 0 } } });
    user = gateway.people.ann.user;
  });
  after(() => stopAll(gateway));

  const seconds = () => Math.floor(Date.now() / 1000);

  it("every stock client is asked for one, brings it, and stays", async () => {
    const end = seconds() + 4;
    const stays = async (version, transports) => {
      const token = tokenOf(user, { exp: end });
      const client = await Client.connect(gateway, token, { version, transports });
      await client.join(gateway.people.ann.challenge);
      const [notice] = await client.next("token_expiring");
      assert.ok(notice.expires_in_s <= 4, `${notice.expires_in_s}`);
      assert.ok(Math.abs(Date.parse(notice.expires_at) / 1000 - end) <= 1, notice.expires_at);
      const [answer] = await client.ask("auth_refresh", { token: tokenOf(user) });
      assert.ok(answer.expires_in_s > 3_000);
      assert.equal((await client.next("auth_refreshed"))[0].expires_in_s, answer.expires_in_s);
      return client;
    };
    const clients = await Promise.all(
      Object.keys(VERSIONS).flatMap((version) =>
        Object.values(TRANSPORTS).map((transports) => stays(version, transports)),
      ),
    );
    await eventually("the first token's end", () => seconds() > end + 1);
    await gateway.publish(roomOf(gateway.people.ann.challenge), "still", 1);
    for (const client of clients) await client.next("still");
  });

  it("that is refused leaves the old one in force", async () => {
    const end = seconds() + 3;
    const client = await Client.connect(gateway, tokenOf(user, { exp: end }), {
      reconnection: false,
    });
    const ask = (token) => client.socket.timeout(5_000).emitWithAck("auth_refresh", { token });
    assert.equal((await ask(tokenOf("somebody-else"))).code, "token_other_user");
    assert.equal((await ask(tokenOf(user, { exp: seconds() - 60 }))).code, "token_expired");
    assert.equal((await ask(accessTokenOf(user, { type: "refresh" }))).code, "token_refresh");
    assert.ok(client.socket.connected);
    assert.equal(await client.disconnects.take("the old token's end", 8_000), "transport close");
    assert.ok(seconds() >= end);
  });
});

describe("revocation", () => {
  let redis, gateway, other, publisher, user;
  before(async () => {
    redis = await RedisServer.start();
    [gateway, other] = await Promise.all([Gateway.start({ redis }), Gateway.start({ redis })]);
    publisher = await NodePublisher.connect(redis);
    user = gateway.people.ann.user;
    await Promise.all([gateway.untilReady(), other.untilReady()]);
  });
  after(() => stopAll(gateway, other, publisher, redis));

  /** A connected client that does not come back by itself, and its token. */
  const connect = async (at, more) => {
    const token = accessTokenOf(user, more);
    const client = await Client.connect(at, token, { reconnection: false });
    return { client, token };
  };
  const ended = async ({ client }) => {
    assert.equal((await client.next("error"))[0].code, "token_revoked");
    await client.disconnects.take("the end of the socket", 5_000);
  };
  const revoke = async (body) => JSON.parse((await gateway.post("/v1/revoke", body)).body);

  it("by jti ends the sockets of one token, on every node, and refuses it", async () => {
    const here = await connect(gateway, { jti: "j1" });
    const there = await connect(other, { jti: "j1" });
    const spared = await connect(gateway, { jti: "j2" });
    assert.deepEqual(await revoke({ jti: "j1" }), { revoked: 1 });
    await Promise.all([ended(here), ended(there)]);
    assert.equal(await refusalOf(gateway, here.token), "token_revoked");
    assert.equal(await refusalOf(other, there.token), "token_revoked");
    assert.ok(spared.client.socket.connected);
    assert.deepEqual(await revoke({ jti: "j1" }), { revoked: 0 });
  });

  it("by session, polling clients too", async () => {
    const token = accessTokenOf(user, { session_id: "s1" });
    const options = { reconnection: false, transports: ["polling"] };
    const client = await Client.connect(gateway, token, options);
    assert.deepEqual(await revoke({ session: "s1", ttl_s: 60 }), { revoked: 1 });
    await ended({ client });
    assert.equal(await refusalOf(gateway, token), "token_revoked");
  });

  it("by user, with newer tokens spared, said by a publisher", async () => {
    const old = await connect(gateway, { iat: Math.floor(Date.now() / 1000) - 5 });
    const there = await connect(other, { iat: Math.floor(Date.now() / 1000) - 5 });
    const issued_before = Math.floor(Date.now() / 1000) - 1;
    await publisher.emit("any", "outcry:revoke", { user, issued_before });
    await Promise.all([ended(old), ended(there)]);
    assert.equal(await refusalOf(gateway, old.token), "token_revoked");
    await connect(gateway, {});
  });

  it("refuses a client that comes back to what it was", async () => {
    const token = accessTokenOf(user, { jti: "j9" });
    const client = await Client.connect(gateway, token);
    const refused = new Promise((resolve) => client.socket.once("connect_error", resolve));
    client.socket.io.engine.close();
    await revoke({ jti: "j9" });
    assert.equal((await refused).data.code, "token_revoked");
  });

  it("by keys of Redis, by which a new process knows them as well", async () => {
    const auth = { revocation_prefix: "blacklist:" };
    await publisher.client.set("blacklist:k1", "", { EX: 60 });
    const third = await Gateway.start({ redis, config: { auth } });
    try {
      await third.untilReady();
      assert.equal(await refusalOf(third, accessTokenOf(user, { jti: "k1" })), "token_revoked");
      const there = await connect(third, { jti: "k2" });
      await publisher.client.set("blacklist:k2", "", { EX: 60 });
      await ended(there);
      assert.equal(await refusalOf(third, there.token), "token_revoked");
    } finally {
      await third.stop();
    }
  });

  it("says what is wrong with a request", async () => {
    assert.equal((await gateway.post("/v1/revoke", {})).status, 422);
    assert.equal((await gateway.post("/v1/revoke", { jti: "a", user: "b" })).status, 422);
    assert.equal((await gateway.post("/v1/revoke", "nonsense")).status, 400);
  });
});
