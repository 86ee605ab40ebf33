// Clients who want everything: connections, descriptors, memory, turns. The answer of each row says
// how far they got; what counts is that the canary is served while they are there and afterwards.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import net from "node:net";
import { after, before, describe, it } from "node:test";
import { Client } from "../support/clients.mjs";
import { SEPARATOR, Session } from "../support/engine_client.mjs";
import { roomOf, tokenOf } from "../support/gateway.mjs";
import { eventually } from "../support/process.mjs";
import { fetchText, within } from "../support/wire.mjs";
import { RawSocket, frame, textFrame } from "./support/raw_socket.mjs";
import { Target, tellCount, withstand } from "./support/target.mjs";

tellCount("exhaustion");

/** Opens TCP connections, `batch` at a time, and sends `octets` on each; those that are open. */
async function flood(port, count, octets = "", batch = 250) {
  const sockets = new Set();
  for (let opened = 0; opened < count; opened += batch) {
    const made = Array.from({ length: Math.min(batch, count - opened) }, async () => {
      const socket = net.connect(port, "127.0.0.1");
      socket.on("error", () => {}); // refused, or cut off: both are to be expected
      socket.on("data", () => {});
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      await Promise.race([once(socket, "connect"), once(socket, "close")]);
      if (octets) socket.write(octets);
    });
    await within(Promise.all(made), "a batch of connections", 20_000);
  }
  return sockets;
}

async function endAll(sockets) {
  const ends = [...sockets].map((socket) => once(socket, "close"));
  for (const socket of sockets) socket.destroy();
  await Promise.all(ends);
}

const connections = async (gateway) =>
  [...(await gateway.metrics())]
    .filter(([name]) => name.startsWith("outcry_connections{"))
    .reduce((sum, [, value]) => sum + value, 0);

describe("connections", () => {
  let target;
  before(async () => {
    target = await Target.start({
      config: {
        server: { request_timeout_ms: 3_000, keep_alive_timeout_ms: 3_000 },
        engine: { connect_timeout_ms: 3_000 },
      },
    });
  });
  after(() => target?.stop());

  /** Floods, serves the canary meanwhile, and waits until the server has cut all of them off. */
  async function halfOpen(attacked, count, octets) {
    const { gateway, port, bob } = attacked;
    const sockets = await flood(port, count, octets);
    await attacked.serveCanary();
    const other = await Client.connect(gateway, tokenOf(bob.user));
    assert.equal((await other.join(bob.challenge)).challenge_id, bob.challenge);
    other.close();
    await attacked.serveCanary();
    await eventually("all of them are cut off", () => sockets.size === 0, 20_000);
    return "cut off";
  }
  const upgrade =
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n" +
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  withstand(
    () => target,
    [
      ["10,000 that have begun a request", "cut off", 10_000, "GET /socket.io/ HTTP/1.1\r\nHo"],
      ["3,000 that say nothing", "cut off", 3_000, ""],
      [
        "2,000 within a body",
        "cut off",
        2_000,
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\nx",
      ],
      ["2,000 WebSockets that never connect", "cut off", 2_000, upgrade],
    ],
    halfOpen,
  );
});

describe("storms", () => {
  let target;
  before(async () => {
    // Without limits on rates: what comes is worked off, and nobody else waits for it.
    const limits = Object.fromEntries(
      ["connection_packets", "connection_bytes", "user_packets", "user_bytes", "user_joins"].map(
        (what) => [`${what}_per_second`, 0],
      ),
    );
    limits.user_failed_joins_delay_at = limits.user_failed_joins_ban_at = 1_000_000;
    target = await Target.start({ config: { limits, engine: { connect_timeout_ms: 2_000 } } });
  });
  after(() => target?.stop());

  const packets = (count, text) => Buffer.concat(Array(count).fill(textFrame(text)));

  /** Sends all of it on a connected socket; does it live, judged by the answer to one more event? */
  async function storm(attacked, octets) {
    const socket = await attacked.connected();
    socket.send(octets);
    await attacked.serveCanary();
    socket.send(textFrame('4299["the_last_one"]'));
    const ended = socket.closed.then(() => `closed ${socket.code}`);
    const answered = (async () => {
      for (;;)
        if ((await socket.messages.take("an answer", 20_000)).startsWith("4399")) return "lives";
    })();
    answered.catch(() => {});
    const fate = await Promise.race([ended, answered]);
    socket.drop();
    return fate;
  }
  withstand(
    () => target,
    [
      [
        "50,000 pings",
        "lives",
        Buffer.concat(Array(50_000).fill(frame("x".repeat(100), { opcode: 9 }))),
      ],
      ["50,000 pongs", "lives", Buffer.concat(Array(50_000).fill(frame("", { opcode: 10 })))],
      ["50,000 noops", "lives", packets(50_000, "6")],
      ["50,000 unknown events", "lives", packets(50_000, '42["x"]')],
      ["20,000 unknown events to be acknowledged", "lives", packets(20_000, '421["x"]')],
      ["20,000 leaves", "lives", packets(20_000, '42["leave_room",{"room":"a"}]')],
      ["20,000 acknowledgements of nothing", "lives", packets(20_000, "437[]")],
      ["10,000 joins", "lives", packets(10_000, '42["join_challenge",{"challenge_id":"x"}]')],
      ["30 messages of 900,000 octets", "lives", packets(30, `42["x","${"y".repeat(900_000)}"]`)],
    ],
    storm,
  );

  withstand(
    () => target,
    [
      ["500 connects and drops", 500, 500, 50],
      ["300 at once", 300, 300, 300],
    ],
    async (attacked, count, batch) => {
      let connected = 0;
      for (let done = 0; done < count; done += batch) {
        const sockets = await Promise.all(
          Array.from({ length: batch }, (_, at) => attacked.connected(`storm-${done + at}`)),
        );
        connected += sockets.length;
        for (const socket of sockets) socket.drop();
      }
      return connected;
    },
  );

  withstand(
    () => target,
    [["2,000 polling sessions that nobody uses", "gone", 2_000]],
    async ({ gateway }, count) => {
      const sids = [];
      for (let opened = 0; opened < count; opened += 100) {
        const batch = Array.from({ length: 100 }, () =>
          Session.open({ http: gateway.url }, "/socket.io/"),
        );
        sids.push(...(await Promise.all(batch)));
      }
      await eventually("they are gone", async () => {
        const samples = [...(await gateway.metrics())];
        const sessions = samples.filter(([name]) => name.startsWith("outcry_engine_sessions{"));
        return sessions.reduce((sum, [, value]) => sum + value, 0) <= 1; // the canary's
      });
      return "gone";
    },
  );

  withstand(
    () => target,
    [["200 requests to one session at once", [400, 1]]],
    async ({ gateway, bob }) => {
      const session = await Session.open({ http: gateway.url }, "/socket.io/");
      await session.send(`40${JSON.stringify({ token: tokenOf(bob.user) })}`);
      await session.receive();
      const answers = await Promise.all(Array.from({ length: 200 }, () => session.poll()));
      // Two polls at a time end a session (docs/reference/protocol.md).
      const closed = answers.filter(({ body }) => body.split(SEPARATOR).includes("1")).length;
      return [(await session.poll()).status, Math.min(closed, 1)];
    },
  );
});

describe("storms against the limits on rates", () => {
  let target;
  before(async () => {
    target = await Target.start();
  });
  after(() => target?.stop());

  const packets = (count, text) => Buffer.concat(Array(count).fill(textFrame(text)));
  withstand(
    () => target,
    [
      ["5,000 unknown events", 4430, packets(5_000, '42["x"]')],
      ["5,000 leaves", 4430, packets(5_000, '42["leave_room",{"room":"a"}]')],
      ["5,000 acknowledgements of nothing", 4430, packets(5_000, "437[]")],
      ["5,000 noops", 4430, packets(5_000, "6")],
      ["5,000 pings", 4430, Buffer.concat(Array(5_000).fill(frame("", { opcode: 9 })))],
      ["5,000 pongs", 4430, Buffer.concat(Array(5_000).fill(frame("", { opcode: 10 })))],
      ["20 messages of 900,000 octets", 4430, packets(20, `42["x","${"y".repeat(900_000)}"]`)],
    ],
    async (attacked, octets) => {
      const socket = await attacked.connected();
      socket.send(octets);
      return socket.end();
    },
  );
});

describe("memory", () => {
  const OUTBOX = 65_536;
  let target;
  before(async () => {
    target = await Target.start({
      config: { engine: { outbox_bytes_max: OUTBOX, connect_timeout_ms: 2_000 } },
    });
  });
  after(() => target?.stop());

  const resident = async ({ gateway }) => {
    const status = await readFile(`/proc/${gateway.program.child.pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]) * 1024;
  };

  it("a member who reads nothing is cut off, and the room's others get everything", async () => {
    const { gateway, ann } = target;
    const lazy = await RawSocket.open(target.port);
    await lazy.next();
    lazy.send(textFrame(`40${JSON.stringify({ token: tokenOf(ann.user) })}`));
    await lazy.next();
    lazy.send(textFrame(`42["join_challenge",{"challenge_id":"${ann.challenge}"}]`));
    await lazy.next();
    lazy.tcp.pause();
    const name = 'outcry_engine_sessions_closed_total{reason="outbox_overflow"}';
    await eventually("it is cut off", async () => {
      for (let number = 0; number < 20; number += 1) {
        await gateway.publish(roomOf(ann.challenge), "bulk", "x".repeat(50_000));
        await target.canary.next("bulk");
      }
      return (await gateway.metrics()).get(name) === 1;
    });
    lazy.drop();
    await target.assertUnharmed();
  });

  withstand(
    () => target,
    [
      ["1,000 who announce 60,000 octets and send none", "bounded", frame("", { length: 60_000 })],
      [
        "1,000 who send all but the last octet",
        "bounded",
        frame("x".repeat(60_000)).subarray(0, -1),
      ],
    ],
    async (attacked, octets) => {
      const earlier = await resident(attacked);
      const sockets = await Promise.all(
        Array.from({ length: 1_000 }, () => RawSocket.open(attacked.port)),
      );
      for (const socket of sockets) socket.send(octets);
      await attacked.serveCanary();
      const grown = (await resident(attacked)) - earlier;
      for (const socket of sockets) socket.drop();
      // Each may hold one message before it has connected: 64 KiB, twice that while it grows.
      return grown < 1_000 * 200_000 ? "bounded" : `${grown} octets`;
    },
  );
});

describe("descriptors", () => {
  const DESCRIPTORS = 200;
  let target;
  before(async () => {
    target = await Target.start({
      descriptors: DESCRIPTORS,
      config: {
        server: {
          workers: 2,
          connections_max: 1_000,
          request_timeout_ms: 1_000,
          keep_alive_timeout_ms: 1_000,
        },
      },
    });
  });
  after(() => target?.stop());

  withstand(
    () => target,
    [
      [
        "1,000 connections to a process that may have 200",
        "cut off",
        1_000,
        "GET / HTTP/1.1\r\nHo",
      ],
      ["the same that say nothing", "cut off", 1_000, ""],
    ],
    async (attacked, count, octets) => {
      const { gateway, port } = attacked;
      const sockets = await flood(port, count, octets);
      // Half of so few, and the operations port, which publishes, has what it needs.
      assert.ok((await connections(gateway)) <= DESCRIPTORS / 2);
      await attacked.serveCanary();
      await endAll(sockets);
      await eventually("new clients are let in", async () => {
        const answer = await fetchText(`${gateway.url}/socket.io/?EIO=4&transport=polling`).catch(
          () => ({}),
        );
        return answer.status === 200;
      });
      return "cut off";
    },
  );
});
