// Tokens of every algorithm, by stock clients.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { Client, disconnectAll } from "../support/clients.mjs";
import { Gateway, SECRET, sign, tokenOf } from "../support/gateway.mjs";
import { ALGORITHMS, IssuerKey, claimsOf, pythonToken } from "../support/issuer.mjs";
import { stopAll } from "../support/process.mjs";

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
