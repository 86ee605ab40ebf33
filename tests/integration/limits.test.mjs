// Every limit at limit + 1, as clients see it: on HTTP, at CONNECT, on events, as a close code.
//
// Connections from 127.0.0.2 are another address than those from 127.0.0.1.

import assert from "node:assert/strict";
import net from "node:net";
import { after, afterEach, before, describe, it } from "node:test";
import { Client, disconnectAll } from "../support/clients.mjs";
import { API_KEY, Gateway, tokenOf } from "../support/gateway.mjs";
import { eventually, stopAll } from "../support/process.mjs";
import { Socket, exchangeRaw, fetchText, refusedUpgrade, statusOf } from "../support/wire.mjs";

const OTHER = "127.0.0.2";
const HANDSHAKE = "/socket.io/?EIO=4&transport=polling";

/** A gateway of one worker, whose limits on addresses hold for this machine too. */
const start = (limits, more = {}) =>
  Gateway.start({
    config: {
      ...more,
      server: { workers: 1, ...more.server },
      limits: { exempt_addresses: [], ...limits },
    },
  });

const handshake = (gateway, options) => fetchText(`${gateway.url}${HANDSHAKE}`, options);

const wsUrl = (gateway) =>
  `${gateway.url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`;

async function reached(gateway, limit, outcome = "refused") {
  const metrics = await gateway.metrics();
  return metrics.get(`outcry_limit_reached_total{limit="${limit}",outcome="${outcome}"}`);
}

/** A bare WebSocket that has connected as `user`: {send, next, end}. */
async function connectRaw(gateway, user) {
  const socket = await Socket.open(wsUrl(gateway));
  assert.match(await socket.next(), /^0\{/);
  socket.send(`40${JSON.stringify({ token: tokenOf(user), recovery: false })}`);
  assert.match(await socket.next(), /^40\{/);
  return socket;
}

function assertTurnedAway(answer, status = 429) {
  assert.equal(answer.status, status, answer.body);
  assert.match(answer.headers["retry-after"], /^[1-9]\d*$/);
}

afterEach(disconnectAll);

describe("connections of an address", () => {
  let gateway;
  before(async () => (gateway = await start({ address_connections_max: 3 })));
  after(() => stopAll(gateway));

  it("beyond the limit are answered 429 unread, other addresses are served", async () => {
    const count = async () => (await gateway.metrics()).get('outcry_connections{worker="0"}');
    // The connection by which its start was noticed.
    await eventually("nobody is connected", async () => (await count()) === 0);
    const open = Array.from({ length: 3 }, () => net.connect(gateway.port, "127.0.0.1"));
    await eventually("three connections", async () => (await count()) === 3);
    const answer = await exchangeRaw(gateway.port, "");
    assert.equal(statusOf(answer), 429);
    assert.match(answer, /\r\nRetry-After: \d+\r\n/);
    assert.equal((await handshake(gateway, { localAddress: OTHER })).status, 200);
    assert.equal(await reached(gateway, "address_connections"), 1);
    for (const socket of open) socket.destroy();
    await eventually("a place", async () => (await handshake(gateway)).status === 200);
  });
});

describe("connections in all", () => {
  it("beyond the limit are answered 503 with Retry-After", async () => {
    const gateway = await start({}, { server: { connections_max: 1 } });
    try {
      // The connection by which its start was noticed.
      const open = async () => (await gateway.metrics()).get(`outcry_connections{worker="0"}`);
      await eventually("nobody is connected", async () => (await open()) === 0);
      const socket = await connectRaw(gateway, "u1");
      const refused = await eventually("503", async () => {
        const answer = await exchangeRaw(gateway.port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        return statusOf(answer) === 503 && answer;
      });
      assert.match(refused, /\r\nRetry-After: \d+\r\n/);
      assert.ok((await reached(gateway, "connections")) >= 1);
      socket.drop();
    } finally {
      await stopAll(gateway);
    }
  });
});

describe("connects of an address", () => {
  let gateway;
  before(async () => {
    const limits = { address_connects_per_second: 1, address_connects_burst: 3 };
    gateway = await start(limits, { server: { trusted_proxies: [OTHER] } });
  });
  after(() => stopAll(gateway));

  it("are refused before any upgrade, and a stock client gets in later", async () => {
    for (let i = 0; i < 3; ++i) assert.equal((await handshake(gateway)).status, 200);
    assertTurnedAway(await handshake(gateway));
    assertTurnedAway(await refusedUpgrade(wsUrl(gateway)));
    assert.ok((await reached(gateway, "address_connects")) >= 2);
    const client = new Client(gateway, { auth: { token: tokenOf("u1") } });
    client.connected().catch(() => {}); // the first tries may fail
    await eventually("the client is in", () => client.socket.connected);
  });

  it("are counted for the client, behind a trusted proxy", async () => {
    const from = (client) => ({
      localAddress: OTHER,
      headers: { "X-Forwarded-For": client, "X-Forwarded-Proto": "https" },
    });
    for (let i = 0; i < 3; ++i)
      assert.equal((await handshake(gateway, from("192.0.2.1"))).status, 200);
    assertTurnedAway(await handshake(gateway, from("192.0.2.1")));
    assert.equal((await handshake(gateway, from("192.0.2.2"))).status, 200);
    for (let i = 0; i < 3; ++i) {
      assert.equal((await handshake(gateway, from(`2001:db8::${i + 1}`))).status, 200);
    }
    assertTurnedAway(await handshake(gateway, from("2001:db8::99")), 429);
    assert.equal((await handshake(gateway, from("2001:db8:0:1::1"))).status, 200);
  });
});

describe("what a connection sends", () => {
  let gateway;
  before(async () => {
    gateway = await start(
      {
        connection_packets_per_second: 1,
        connection_packets_burst: 20,
        connection_bytes_per_second: 10,
        connection_bytes_burst: 4_000,
      },
      { engine: { max_payload_bytes: 4_000 } },
    );
  });
  after(() => stopAll(gateway));

  it("is refused with rate_limited over its packets, then ends with 4430", async () => {
    const socket = await connectRaw(gateway, "u1");
    for (let i = 0; i < 25; ++i) socket.send(`42${i}["leave_room",{"room":"a"}]`);
    const answers = [];
    while (answers.length < 25) {
      const text = await socket.next();
      if (text.startsWith("43")) answers.push(text);
    }
    const refused = answers.filter((text) => text.includes('"code":"rate_limited"'));
    assert.ok(refused.length >= 5 && refused.length <= 7, `${refused.length}`);
    assert.match(refused[0], /"retryable":true,"retry_after_ms":\d+/);
    for (let i = 0; i < 30; ++i) socket.send(`42["leave_room",{"room":"a"}]`);
    assert.equal(await socket.end(), 4430);
    assert.ok((await reached(gateway, "connection_packets")) >= 10);
  });

  it("is refused over its bytes", async () => {
    const socket = await connectRaw(gateway, "u1");
    const big = JSON.stringify(["leave_room", { room: "a", more: "x".repeat(3_000) }]);
    const answer = async () => {
      for (;;) {
        const text = await socket.next();
        if (text.startsWith("43")) return text;
      }
    };
    // One after the other: what comes in one read counts before any of it is looked at.
    socket.send(`421${big}`);
    assert.doesNotMatch(await answer(), /rate_limited/);
    socket.send(`422${big}`);
    assert.match(await answer(), /rate_limited/);
    for (let i = 0; i < 4; ++i) socket.send(`42${big}`);
    assert.equal(await socket.end(), 4430);
    assert.ok((await reached(gateway, "connection_bytes")) >= 1);
  });

  it("leaves a client that keeps within it alone", async () => {
    const { user, challenge } = gateway.people.ann;
    const client = await Client.connect(gateway, tokenOf(user));
    for (let i = 0; i < 5; ++i) assert.ok(await client.join(challenge));
  });
});

describe("what a user sends", () => {
  let gateway;
  before(async () => {
    gateway = await start({
      user_packets_per_second: 1,
      user_packets_burst: 12,
      user_joins_per_second: 1,
      user_joins_burst: 2,
    });
  });
  after(() => stopAll(gateway));

  it("is limited over all his connections, and others are not", async () => {
    const [one, two] = [
      await Client.connect(gateway, tokenOf("u1")),
      await Client.connect(gateway, tokenOf("u1")),
    ];
    const codes = [];
    for (let i = 0; i < 16; ++i) {
      const [answer] = await (i % 2 ? one : two).ask("leave_room", { room: "a" });
      codes.push(answer.code);
    }
    assert.equal(codes[11], undefined);
    assert.ok(codes.includes("rate_limited"));
    const other = await Client.connect(gateway, tokenOf("u2"));
    const [answer] = await other.ask("leave_room", { room: "a" });
    assert.equal(answer.status, "ok");
    assert.ok((await reached(gateway, "user_packets")) >= 1);
  });

  it("is limited over all workers", async () => {
    const burst = 40;
    const wide = await start(
      { user_packets_per_second: 1, user_packets_burst: burst },
      { server: { workers: 4 } },
    );
    try {
      const clients = await Promise.all(
        Array.from({ length: 16 }, () => Client.connect(wide, tokenOf("u1"))),
      );
      const isTaken = async (client) =>
        (await client.ask("leave_room", { room: "a" }))[0].code === undefined;
      let spent = 0;
      while (await isTaken(clients[0])) assert.ok(++spent <= 2 * burst, "one worker's burst");
      // What the others' workers let through until all have heard of him: less than any worker
      // would refuse by itself.
      let taken = 0;
      await eventually("he is refused at every worker", async () => {
        const answers = await Promise.all(clients.map(isTaken));
        const count = answers.filter(Boolean).length;
        taken += count;
        return count === 0;
      });
      assert.ok(taken < burst, `${taken}`);
    } finally {
      await stopAll(wide);
    }
  });

  it("asks for so many joins and not one more", async () => {
    const client = await Client.connect(gateway, tokenOf("u3"));
    const join = async () => (await client.ask("subscribe_symbol", { symbol: "A" }))[0];
    assert.equal((await join()).status, "ok");
    assert.equal((await join()).status, "ok");
    const refused = await join();
    assert.equal(refused.code, "rate_limited");
    assert.ok(refused.retry_after_ms > 0 && refused.retry_after_ms <= 1000);
    assert.equal(refused.symbol, "A");
    assert.equal(await reached(gateway, "user_joins"), 1);
  });
});

describe("failed joins", () => {
  const limits = {
    failed_join_forgotten_ms: 3_600_000,
    failed_join_delay_ms: 300,
    ban_s: 600,
    user_failed_joins_delay_at: 2,
    user_failed_joins_ban_at: 4,
    address_failed_joins_delay_at: 100,
    address_failed_joins_ban_at: 100,
  };
  const bans = async (gateway) => {
    const answer = await fetchText(`${gateway.operations}/v1/bans`, {
      headers: { "X-API-Key": API_KEY },
    });
    return JSON.parse(answer.body).bans;
  };

  it("delay, then ban a user on all his connections, until he is pardoned", async () => {
    const gateway = await start(limits, { server: { workers: 4 } });
    try {
      const { ann, bob } = gateway.people;
      const token = tokenOf(ann.user);
      const second = await Client.connect(gateway, token, { reconnection: false });
      const client = await Client.connect(gateway, token, { reconnection: false });
      const other = await Client.connect(gateway, tokenOf(bob.user));
      const guess = async () =>
        (await client.ask("join_challenge", { challenge_id: bob.challenge }))[0];
      for (let i = 0; i < 4; ++i) assert.equal((await guess()).code, "forbidden");
      assert.equal(await reached(gateway, "user_failed_joins"), 2);
      client.emit("join_challenge", { challenge_id: bob.second });
      await client.disconnects.take("the end of the guesser");
      await second.disconnects.take("the end of his other tab");

      const late = new Client(gateway, { auth: { token }, reconnection: false });
      const error = await late.refused();
      assert.equal(error.data.code, "banned");
      assert.equal(error.data.retryable, true);
      assert.ok(error.data.retry_after_ms > 590_000);
      const [ban, ...more] = await bans(gateway);
      assert.equal(ban.user, ann.user);
      assert.ok(ban.seconds_left > 590);
      assert.equal(more.length, 0);
      assert.equal((await gateway.metrics()).get('outcry_bans{kind="user"}'), 1);
      assert.ok(await other.join(bob.challenge), "others go on");

      assert.equal(
        (await gateway.post("/v1/unban", { user: "nobody" })).body,
        '{"lifted":false}\n',
      );
      assert.equal((await gateway.post("/v1/unban", { user: ann.user })).body, '{"lifted":true}\n');
      const back = await Client.connect(gateway, token);
      assert.ok(await back.join(ann.challenge));
    } finally {
      await stopAll(gateway);
    }
  });

  it("by many users of one address ban the address", async () => {
    const gateway = await start({
      ...limits,
      address_failed_joins_ban_at: 3,
      address_failed_joins_delay_at: 3,
    });
    try {
      for (let i = 0; i < 4; ++i) {
        const client = await Client.connect(gateway, tokenOf(`guesser${i}`), {
          reconnection: false,
        });
        client.emit("join_challenge", { challenge_id: gateway.people.ann.challenge });
        if (i < 3) assert.equal((await client.next("error"))[0].code, "forbidden");
        else await client.disconnects.take("the end of the fourth");
      }
      await eventually("workers know", async () => (await handshake(gateway)).status === 429);
      assertTurnedAway(await handshake(gateway));
      assertTurnedAway(await refusedUpgrade(wsUrl(gateway)));
      assert.equal((await handshake(gateway, { localAddress: OTHER })).status, 200);
      assert.equal((await bans(gateway))[0].address, "127.0.0.1");
      await gateway.post("/v1/unban", { address: "127.0.0.1" });
      await eventually("pardon", async () => (await handshake(gateway)).status === 200);
    } finally {
      await stopAll(gateway);
    }
  });
});

describe("lifetimes", () => {
  it("end a session with 4410, and a stock client comes back by itself", async () => {
    const gateway = await start({}, { engine: { session_max_s: 1, session_jitter_percent: 0 } });
    try {
      const client = await Client.connect(gateway, tokenOf("u1"));
      const socket = await connectRaw(gateway, "u2");
      assert.equal(await socket.end(), 4410);
      await client.disconnects.take("the end of the session");
      await client.connected();
      const metrics = await gateway.metrics();
      assert.ok(metrics.get('outcry_engine_sessions_closed_total{reason="lifetime"}') >= 2);
    } finally {
      await stopAll(gateway);
    }
  });

  it("end a silent session, heartbeats notwithstanding", async () => {
    const gateway = await start({}, { engine: { ping_interval_ms: 100, idle_timeout_s: 1 } });
    try {
      const client = await Client.connect(gateway, tokenOf("u1"));
      await client.disconnects.take("the end of the session");
      await client.connected();
    } finally {
      await stopAll(gateway);
    }
  });
});

describe("a dry run", () => {
  it("counts everything and refuses nothing", async () => {
    const gateway = await start({
      dry_run: true,
      address_connections_max: 1,
      address_connects_per_second: 1,
      address_connects_burst: 1,
      connection_packets_per_second: 1,
      connection_packets_burst: 1,
      user_packets_per_second: 1,
      user_packets_burst: 1,
      user_joins_per_second: 1,
      user_joins_burst: 1,
      user_sockets_max: 1,
      user_failed_joins_delay_at: 1,
      user_failed_joins_ban_at: 1,
    });
    try {
      const { ann, bob } = gateway.people;
      const clients = [];
      for (let i = 0; i < 3; ++i) clients.push(await Client.connect(gateway, tokenOf(ann.user)));
      for (const client of clients) {
        assert.ok(await client.join(ann.challenge));
        client.emit("join_challenge", { challenge_id: bob.challenge });
        assert.equal((await client.next("error"))[0].code, "forbidden");
      }
      for (const limit of [
        "address_connections",
        "address_connects",
        "connection_packets",
        "user_packets",
        "user_joins",
        "user_sockets",
        "user_ban",
      ]) {
        assert.ok((await reached(gateway, limit, "counted")) > 0, limit);
        assert.equal(await reached(gateway, limit), 0, limit);
      }
    } finally {
      await stopAll(gateway);
    }
  });
});
