// Hostile and broken input from every side. After each: the right answer, a counter that moved, and
// a canary client that is still served.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, afterEach, before, describe, it } from "node:test";
import { Client, disconnectAll } from "../support/clients.mjs";
import { SEPARATOR, Session } from "../support/engine_client.mjs";
import { API_KEY, Gateway, accessTokenOf, roomOf, tokenOf } from "../support/gateway.mjs";
import { eventually, stopAll } from "../support/process.mjs";
import { NodePublisher, RedisServer } from "../support/redis.mjs";
import { Socket, exchangeRaw, fetchText, statusOf } from "../support/wire.mjs";

const CONFIG = { server: { request_timeout_ms: 500 }, engine: { connect_timeout_ms: 500 } };
// The counters that tell an operator of each kind.
const COUNTERS = {
  http: /^outcry_http_requests_(refused|malformed)_total/,
  frame: /^outcry_websocket_errors_total/,
  packet:
    /^outcry_(engine|socketio)_packets_malformed_total|_closed_total\{reason="(forced_close|transport_error)"/,
  silence: /^outcry_engine_sessions_closed_total\{reason="confirm_timeout"/,
  join: /^outcry_joins_refused_total/,
  publication:
    /^outcry_(publications|redis|bus)_.*(refused|oversize|undecodable|malformed).*_total/,
};

let redis, gateway, node, ann, bob, canary, target;

before(async () => {
  redis = await RedisServer.start();
  gateway = await Gateway.start({ redis, config: CONFIG });
  ({ ann, bob } = gateway.people);
  target = { http: gateway.url, ws: gateway.url.replace("http", "ws") };
  node = await NodePublisher.connect(redis);
  await gateway.untilReady();
});
afterEach(disconnectAll);
after(async () => {
  await stopAll(node, gateway, redis);
});

/**
 * Runs `attack`; then a counter of its `kind` must have moved, and the canary must be served.
 * `gap`: the attack may cost the connection to Redis, so the canary's event is sent until it comes.
 */
async function withstand(kind, attack, { gap = false } = {}) {
  canary = await Client.connect(gateway, tokenOf(ann.user));
  await canary.join(ann.challenge);
  const before = await gateway.metrics();
  await attack();
  await eventually(`a counter of ${kind} moves`, async () => {
    for (const [name, value] of await gateway.metrics()) {
      if (COUNTERS[kind].test(name) && value > (before.get(name) ?? 0)) return true;
    }
    return false;
  });
  if (gap) {
    await eventually("the canary is served", async () => {
      await node.emit(roomOf(ann.challenge), "canary", 1);
      return canary.has("canary");
    });
  } else {
    await node.emit(roomOf(ann.challenge), "canary", 1);
    await canary.next("canary");
  }
  assert.equal(canary.disconnects.size, 0);
}

describe("HTTP on the clients' port", () => {
  const start = "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n";
  const cases = {
    "a request line without a version": [
      "GET /socket.io/?EIO=4&transport=polling\r\nHost: x\r\n\r\n",
      [400],
    ],
    "two Hosts": [`${start}Host: y\r\n\r\n`, [400]],
    "no Host": ["GET / HTTP/1.1\r\n\r\n", [400]],
    "a space before a colon": [`${start}Header : x\r\n\r\n`, [400]],
    "a folded header": [`${start}A: b\r\n c\r\n\r\n`, [400]],
    "a NUL": [`${start}A: \0\r\n\r\n`, [400]],
    "two Content-Lengths": [`${start}Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx`, [400]],
    "a negative Content-Length": [`${start}Content-Length: -1\r\n\r\n`, [400]],
    "Content-Length with Transfer-Encoding": [
      `${start}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      [400],
    ],
    "an unknown transfer coding": [`${start}Transfer-Encoding: gzip, chunked\r\n\r\n`, [400, 501]],
    "headers without end": [`${start}A: ${"a".repeat(100_000)}\r\n\r\n`, [400, 431]],
    "headers without number": [`${start}${"A: b\r\n".repeat(3_000)}\r\n`, [400, 431]],
    "a target without end": [
      `GET /socket.io/?${"a".repeat(100_000)} HTTP/1.1\r\n\r\n`,
      [400, 414, 431],
    ],
    "TLS where HTTP is spoken": [
      Buffer.concat([Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]), randomBytes(64)]),
      [0, 400, 408],
    ],
    "HTTP/2 where HTTP/1.1 is spoken": ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400, 505]],
    "a header that never ends in time": ["GET / HTTP/1.1\r\nHost: x\r\n", [408, 0]],
    "a body that never comes": [
      "POST /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n",
      [400, 408],
    ],
  };
  for (const [name, [octets, statuses]] of Object.entries(cases)) {
    it(name, async () => {
      await withstand("http", async () => {
        const status = statusOf(await exchangeRaw(gateway.port, octets));
        assert.ok(statuses.includes(status), `status ${status}`);
      });
    });
  }
});

describe("WebSocket frames", () => {
  const frames = {
    "an unmasked frame": ["8105" + Buffer.from("hello").toString("hex"), 1002],
    "a reserved bit": ["d18000000000", 1002],
    "a reserved opcode": ["838000000000", 1002],
    "a continuation of nothing": ["808000000000", 1002],
    "a fragmented ping": ["098000000000", 1002],
    "a long ping": ["89fe007e00000000", 1002],
    "text that is not UTF-8": ["818100000000ff", 1007],
    "a length with its top bit set": ["82ffffffffffffffffff00000000", [1002, 1009]],
    "a length of 2^40": ["82ff000001000000000000000000", 1009],
    "a Close with one octet": ["88810000000003", 1002],
    "a Close with code 1005": ["88820000000003ed", 1002],
  };
  for (const [name, [hex, codes]] of Object.entries(frames)) {
    it(`${name}: ${codes}`, async () => {
      await withstand("frame", async () => {
        const socket = await Socket.open(`${target.ws}/socket.io/?EIO=4&transport=websocket`);
        await socket.next("the open packet");
        socket.ws._socket.write(Buffer.from(hex, "hex"));
        assert.ok([codes].flat().includes(await socket.end()));
      });
    });
  }
});

describe("packets and JSON", () => {
  const deep = "[".repeat(50_000) + "]".repeat(50_000);
  const packets = [
    "9",
    "",
    "2",
    "4",
    "4abc",
    "47",
    '42["join_challenge"',
    "42{}",
    "42[]",
    "42[null]",
    '42["connect"]',
    '42/nope,["join_challenge",{}]',
    '4511-["x"]',
    '451-["x",{"_placeholder":true,"num":9}]',
    '44{"message":"x"}',
    `42["join_challenge",${deep}]`,
    '42["join_challenge",{"challenge_id":"\\ud800"}',
    `42["${"x".repeat(2_000_000)}"]`,
  ];
  for (const packet of packets) {
    it(`a joined socket that sends ${JSON.stringify(packet).slice(0, 60)} is closed`, async () => {
      await withstand("packet", async () => {
        const socket = await Socket.open(`${target.ws}/socket.io/?EIO=4&transport=websocket`);
        await socket.next("the open packet");
        socket.send(`40${JSON.stringify({ token: tokenOf(bob.user) })}`);
        await socket.next("the CONNECT answer");
        socket.send(packet);
        if (packet.startsWith("451-")) socket.send(Buffer.from([1]));
        await socket.end();
      });
    });
  }

  it("a session that never connects a namespace is closed", async () => {
    await withstand("silence", async () => {
      const socket = await Socket.open(`${target.ws}/socket.io/?EIO=4&transport=websocket`);
      await socket.end();
    });
  });

  it("events without a CONNECT reach nobody and close the session", async () => {
    await withstand("packet", async () => {
      const session = await Session.open(target, "/socket.io/");
      await session.post(`42["join_challenge",{"challenge_id":"${ann.challenge}"}]`);
      await eventually("the session ends", async () => (await session.poll()).status === 400);
    });
  });

  it("a polling body of 17 packets is taken or refused, never half of it silently", async () => {
    const session = await Session.open(target, "/socket.io/");
    const answer = await session.post(Array(17).fill("6").join(SEPARATOR));
    assert.equal(answer.status, 200);
  });
});

describe("joins", () => {
  const values = [
    null,
    42,
    "text",
    [],
    {},
    { challenge_id: null },
    { challenge_id: 42 },
    { challenge_id: "" },
    { challenge_id: {} },
    { challenge_id: "x".repeat(10_000) },
    { challenge_id: "' OR 1=1 --" },
    { challenge_id: "a\u0000b" },
    { challenge_id: "../x" },
    { challenge_id: "no-such-challenge" },
    { challenge: "x" },
  ];
  for (const value of values) {
    it(`join_challenge ${JSON.stringify(value).slice(0, 50)} is answered with error, to the asker only`, async () => {
      await withstand("join", async () => {
        const client = await Client.connect(gateway, tokenOf(bob.user));
        client.emit("join_challenge", value);
        const [error] = await client.next("error");
        assert.ok(error.message.length > 0);
        assert.ok(!JSON.stringify(error).includes("OR 1=1"));
        assert.equal((await client.join(bob.challenge)).challenge_id, bob.challenge);
        assert.ok(!canary.has("error"));
      });
    });
  }

  it("an acknowledged bad join is acknowledged too", async () => {
    const client = await Client.connect(gateway, tokenOf(bob.user));
    await client.ask("join_challenge", { challenge_id: ann.challenge });
    await client.next("error");
  });

  it("joins without arguments are answered with error", async () => {
    const client = await Client.connect(gateway, tokenOf(bob.user));
    client.emit("join_challenge");
    await client.next("error");
  });

  it("symbols of any shape do not open rooms of other kinds", async () => {
    const client = await Client.connect(gateway, accessTokenOf(bob.user));
    for (const symbol of [`../challenge_${ann.challenge}`, "", "x".repeat(10_000), 42, null]) {
      client.emit("subscribe_symbol", { symbol });
      await client.next("error");
    }
  });

  it("events that nobody handles are ignored or answered, the socket stays", async () => {
    const client = await Client.connect(gateway, tokenOf(bob.user));
    client.emit("no_such_event", { room: roomOf(ann.challenge) });
    client.emit("join", roomOf(ann.challenge));
    assert.equal((await client.join(bob.challenge)).challenge_id, bob.challenge);
    assert.equal(client.disconnects.size, 0);
  });

  it("10,000 joins on one socket meet a limit, and no other client suffers", async () => {
    await withstand("join", async () => {
      const client = await Client.connect(gateway, tokenOf(bob.user));
      for (let number = 0; number < 10_000; number += 1) {
        client.emit("join_challenge", { challenge_id: `guess-${number}` });
      }
      await Promise.race([client.next("error"), client.disconnects.take("the disconnect")]);
    });
  });
});

describe("publications on Redis", () => {
  const pickle = (text) => Buffer.from(text, "latin1");
  const publications = {
    "random octets": ["tradesense_websocket", randomBytes(200)],
    "an empty message": ["tradesense_websocket", ""],
    "cut JSON": ["tradesense_websocket", '{"method":"emit","event":"x"'],
    "JSON of another shape": ["tradesense_websocket", "[1,2,3]"],
    "an event that is no text": [
      "tradesense_websocket",
      '{"method":"emit","event":42,"data":1,"namespace":"/","room":"r"}',
    ],
    "a pickle that would call os.system": [
      "tradesense_websocket",
      pickle("\x80\x04\x8c\x02os\x94\x8c\x06system\x94\x93\x94\x8c\x04true\x94\x85\x94R\x94."),
    ],
    "a pickle of protocol 0": ["tradesense_websocket", pickle("cos\nsystem\n(S'true'\ntR.")],
    "a pickle that ends early": [
      "tradesense_websocket",
      pickle("\x80\x04\x95\xff\x00\x00\x00\x00\x00\x00\x00}\x94("),
    ],
    "a pickle that announces 4 GiB": ["tradesense_websocket", pickle("\x80\x04B\xff\xff\xff\xff")],
    "msgpack cut": ["socket.io#/#", Buffer.from("93a7656d6974", "hex")],
    "msgpack of another shape": ["socket.io#/#", Buffer.from("c0", "hex")],
    "msgpack that announces 2^32 elements": ["socket.io#/#", Buffer.from("ddffffffff", "hex")],
    "msgpack, deeply nested": ["socket.io#/#", Buffer.alloc(100_000, 0x91)],
    "a little more than message_bytes_max": [
      "tradesense_websocket",
      `{"method":"emit","event":"x","data":"${"x".repeat(1 << 20)}"}`,
    ],
    "far more than message_bytes_max": [
      "tradesense_websocket",
      `{"method":"emit","event":"x","data":"${"x".repeat(2 << 20)}"}`,
    ],
    "deeply nested JSON": [
      "tradesense_websocket",
      `{"method":"emit","event":"x","namespace":"/","room":"r","data":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
    ],
  };
  for (const [name, [channel, octets]] of Object.entries(publications)) {
    it(`${name}: dropped and counted, the next one is delivered`, async () => {
      await withstand("publication", () => node.publish(octets, channel), {
        gap: octets.length > 2 << 20,
      });
    });
  }
});

describe("HTTP on the operations port", () => {
  const good = { room: "challenge_x", event: "x", data: 1 };
  const cases = {
    "no key": ["/v1/publish", good, { "X-API-Key": "" }, [401, 403]],
    "a wrong key": ["/v1/publish", good, { "X-API-Key": `${API_KEY}x` }, [401, 403]],
    "no JSON": ["/v1/publish", "{", {}, [400]],
    "JSON of another shape": ["/v1/publish", "[]", {}, [400, 422]],
    "an unknown key": ["/v1/publish", { ...good, excpet: "x" }, {}, [400, 422]],
    "no event": ["/v1/publish", { room: "x" }, {}, [400, 422]],
    "no room": ["/v1/publish", { event: "x" }, {}, [400, 422]],
    "an event that is no text": ["/v1/publish", { ...good, event: 1 }, {}, [400, 422]],
    "a room without end": ["/v1/publish", { ...good, room: "x".repeat(1000) }, {}, [400, 422]],
    "an unknown namespace": ["/v1/publish", { ...good, namespace: "/nope" }, {}, [400, 422]],
    "text that is not UTF-8": [
      "/v1/publish",
      Buffer.from('{"room":"\xff","event":"x"}', "latin1"),
      {},
      [400, 422],
    ],
    "a body that is too long": ["/v1/publish", { ...good, data: "x".repeat(2 << 20) }, {}, [413]],
    "an empty list of rooms": ["/v1/broadcast", { rooms: [], event: "x" }, {}, [400, 422]],
    "another type of content": [
      "/v1/publish",
      "room=x",
      { "Content-Type": "application/x-www-form-urlencoded" },
      [400, 415],
    ],
    "an unknown route": ["/v1/nope", {}, {}, [404]],
  };
  for (const [name, [route, body, headers, statuses]] of Object.entries(cases)) {
    it(`${name}: ${statuses.join(" or ")}, as problem details`, async () => {
      const answer = await gateway.post(route, body, headers);
      assert.ok(statuses.includes(answer.status), `${answer.status} ${answer.body}`);
      assert.match(answer.headers["content-type"], /^application\/problem\+json/);
      assert.equal(JSON.parse(answer.body).status, answer.status);
      assert.ok(!answer.body.includes(API_KEY));
    });
  }

  it("a wrong method: 405", async () => {
    const answer = await fetchText(`${gateway.operations}/v1/publish`, {
      headers: { "X-API-Key": API_KEY },
    });
    assert.equal(answer.status, 405);
  });

  it("does not serve publishing on the clients' port", async () => {
    const answer = await fetchText(`${gateway.url}/v1/publish`, {
      method: "POST",
      body: JSON.stringify(good),
    });
    assert.ok([404, 405].includes(answer.status), `status ${answer.status}`);
  });
});

describe("what is written down", () => {
  it("no token, secret or key is in the log", async () => {
    const token = tokenOf(ann.user);
    const client = new Client(gateway, { query: { token } });
    await client.connected();
    await new Client(gateway, { query: { token: `${token}x` } }).refused();
    await gateway.publish(roomOf(ann.challenge), "quiet", { secret: "payload-marker" });
    for (const secret of [token, API_KEY, "payload-marker"]) {
      assert.ok(!gateway.program.output.includes(secret));
    }
  });
});
