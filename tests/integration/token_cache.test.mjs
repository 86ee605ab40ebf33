// Tokens that a worker remembers: found again, and never for longer than they live.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { Client, disconnectAll } from "../support/clients.mjs";
import { Gateway, tokenOf } from "../support/gateway.mjs";
import { eventually, stopAll } from "../support/process.mjs";

afterEach(disconnectAll);

const seconds = () => Math.floor(Date.now() / 1000);

/** How much these counters have grown since the last call. */
function growthOf(gateway, ...names) {
  let before = names.map(() => 0);
  return async () => {
    const metrics = await gateway.metrics();
    const now = names.map((name) => metrics.get(name));
    const grown = now.map((value, i) => value - before[i]);
    before = now;
    return grown;
  };
}

const counters = ["outcry_token_cache_hits_total", "outcry_token_cache_misses_total"];

describe("a token cache", () => {
  let gateway, grown;
  before(async () => {
    const config = { server: { workers: 1 }, auth: { leeway_s: 0 } };
    gateway = await Gateway.start({ config });
    grown = growthOf(gateway, ...counters);
  });
  after(() => stopAll(gateway));

  it("finds the token of a second tab, not that of another session of the user", async () => {
    const { user } = gateway.people.ann;
    const token = tokenOf(user);
    await Client.connect(gateway, token);
    await Client.connect(gateway, token);
    await Client.connect(gateway, tokenOf(user, { jti: "another" }));
    assert.deepEqual(await grown(), [1, 2]);
  });

  it("doesn't keep a token beyond its end", async () => {
    const end = seconds() + 3;
    const token = tokenOf(gateway.people.bob.user, { exp: end });
    await Client.connect(gateway, token);
    await Client.connect(gateway, token);
    assert.deepEqual(await grown(), [1, 1]);
    await eventually("the token's end", () => seconds() >= end);
    const late = new Client(gateway, { auth: { token }, reconnection: false });
    const error = await late.refused();
    assert.equal(error.data.code, "token_expired");
  });
});

describe("a token cache of no size", () => {
  let gateway;
  before(async () => {
    gateway = await Gateway.start({ config: { auth: { cache_entries_max: 0 } } });
  });
  after(() => stopAll(gateway));

  it("keeps nothing", async () => {
    const token = tokenOf(gateway.people.ann.user);
    for (let i = 0; i < 5; ++i) await Client.connect(gateway, token);
    const metrics = await gateway.metrics();
    assert.equal(metrics.get("outcry_token_cache_entries"), 0);
    for (const name of counters) assert.equal(metrics.get(name), 0);
  });
});
