// Engine.IO v4 against echo_server: handshake, errors, polling, WebSocket, upgrade, heartbeat.
// The application on /engine.io/ sends every message back as it came.

import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { after, before, describe, it } from "node:test";
import { CALM, EchoServer, QUICK, unlessOurs } from "../support/echo_server.mjs";
import { SEPARATOR, Session, assertAnswer, badRequest } from "../support/engine_client.mjs";
import { eventually } from "../support/process.mjs";
import {
  Socket,
  exchangeRaw,
  fetchText,
  refusedUpgrade,
  statusOf,
  within,
} from "../support/wire.mjs";

const PATH = "/engine.io/";
const MAX_PAYLOAD = 1_000_000;

for (const workers of [1, 4]) {
  describe(`Engine.IO, workers: ${workers}`, () => {
    let server;
    before(async () => (server = await EchoServer.start({ workers, ...CALM })));
    after(() => server?.stop());
    const get = (query, options) => fetchText(`${server.http}${PATH}${query}`, options);
    const open = () => Session.open(server);

    describe("handshake", () => {
      it("answers a polling handshake with the open packet, its keys in order", async () => {
        const answer = await get("?EIO=4&transport=polling&t=abc");
        assert.equal(answer.status, 200);
        const { sid } = JSON.parse(answer.body.slice(1));
        assert.match(sid, /^[A-Za-z0-9_-]{20,}$/);
        const rest = `"upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000`;
        assert.equal(answer.body, `0{"sid":"${sid}",${rest},"maxPayload":1000000}`);
        assert.equal(answer.headers["content-type"].toLowerCase(), "text/plain; charset=utf-8");
        assert.equal(answer.headers["content-length"], String(Buffer.byteLength(answer.body)));
        assert.equal(answer.headers["cache-control"], "no-store");
        assert.equal(answer.headers["set-cookie"], undefined);
        assert.equal(answer.headers.etag, undefined);
      });

      it("takes the query parameters in any order, among others", async () => {
        const answer = await get("?token=x&transport=polling&b64=1&EIO=4");
        assert.equal(answer.status, 200);
      });

      it("gives each session an id of its own", async () => {
        const sessions = await Promise.all(Array.from({ length: 50 }, open));
        assert.equal(new Set(sessions.map((session) => session.sid)).size, 50);
      });

      it("sends the open packet first over WebSocket, without upgrades", async () => {
        const socket = await Socket.open(`${server.ws}${PATH}?EIO=4&transport=websocket`);
        const first = await socket.next();
        assert.equal(first[0], "0");
        const handshake = JSON.parse(first.slice(1));
        assert.deepEqual(handshake.upgrades, []);
        assert.deepEqual(Object.keys(handshake), [
          "sid",
          "upgrades",
          "pingInterval",
          "pingTimeout",
          "maxPayload",
        ]);
        socket.drop();
      });

      it("serves Engine.IO under its path only", async () => {
        for (const path of [
          "/engine.io?EIO=4&transport=polling",
          "/other/?EIO=4&transport=polling",
        ]) {
          assert.equal((await fetchText(`${server.http}${path}`)).status, 404);
        }
      });
    });

    describe("errors over HTTP", () => {
      const cases = [
        [0, "Transport unknown", "?EIO=4", {}],
        [0, "Transport unknown", "?EIO=4&transport=", {}],
        [0, "Transport unknown", "?EIO=4&transport=abc", {}],
        [0, "Transport unknown", "?EIO=4&transport=webtransport", {}],
        [0, "Transport unknown", "?EIO=4&transport=abc", { method: "POST" }],
        [0, "Transport unknown", "?transport=abc&sid=unknown", {}],
        [1, "Session ID unknown", "?EIO=4&transport=polling&sid=unknown", {}],
        [
          1,
          "Session ID unknown",
          "?EIO=4&transport=polling&sid=unknown",
          { method: "POST", body: "4x" },
        ],
        [1, "Session ID unknown", "?EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAAAAAA", {}],
        [1, "Session ID unknown", `?EIO=4&transport=polling&sid=${"A".repeat(2000)}`, {}],
        [1, "Session ID unknown", "?EIO=4&transport=polling&sid=%00%ff", {}],
        [1, "Session ID unknown", "?transport=websocket&sid=unknown", {}],
        [2, "Bad handshake method", "?EIO=4&transport=polling", { method: "POST", body: "4x" }],
        [2, "Bad handshake method", "?EIO=4&transport=polling", { method: "PUT" }],
        [2, "Bad handshake method", "?EIO=4&transport=polling", { method: "DELETE" }],
        [2, "Bad handshake method", "?EIO=3&transport=polling", { method: "POST", body: "4x" }],
        [3, "Bad request", "?EIO=4&transport=websocket", {}],
        [5, "Unsupported protocol version", "?transport=polling", {}],
        [5, "Unsupported protocol version", "?EIO=&transport=polling", {}],
        [5, "Unsupported protocol version", "?EIO=3&transport=polling", {}],
        [5, "Unsupported protocol version", "?EIO=5&transport=polling", {}],
        [5, "Unsupported protocol version", "?EIO=44&transport=polling", {}],
        [5, "Unsupported protocol version", "?EIO=abc&transport=polling", {}],
      ];
      for (const [code, message, query, options] of cases) {
        it(`answers ${options.method ?? "GET"} ${query.slice(0, 60)}: ${message}`, async () => {
          const answer = await get(query, options);
          assertAnswer(answer, { status: 400, body: JSON.stringify({ code, message }) });
          assert.match(answer.headers["content-type"], /^application\/json/);
        });
      }

      it("answers HEAD without a session with 400 and no body", async () => {
        assertAnswer(await get("?EIO=4&transport=polling", { method: "HEAD" }), {
          status: 400,
          body: "",
        });
      });

      it("answers another transport than the session's with code 3", async () => {
        const session = await open();
        assertAnswer(await fetchText(session.url.replace("polling", "websocket")), badRequest);
        await session.assertAlive();
      });

      it("keeps the session when a request with its id names another EIO", async () => {
        const session = await open();
        const answer = await fetchText(session.url.replace("EIO=4", "EIO=3"), {
          method: "POST",
          body: "6",
        });
        if (answer.status !== 200) assertAnswer(answer, badRequest);
        await session.assertAlive();
      });

      for (const method of ["PUT", "DELETE", "PATCH"]) {
        it(`refuses ${method} with a session id, and the session survives`, async () => {
          const session = await open();
          const answer = await fetchText(session.url, { method });
          assert.ok([400, 405, 500].includes(answer.status), `status ${answer.status}`);
          await session.assertAlive();
        });
      }
    });

    describe("errors to an upgrade", () => {
      const cases = [
        ["?EIO=4&transport=websocket&sid=unknown", "Session ID unknown", false],
        ["?EIO=4&transport=abc", "Transport unknown", false],
        ["?EIO=4", "Transport unknown", false],
        ["?EIO=3&transport=websocket", "Unsupported protocol version", "101, then garbage"],
        ["?transport=websocket", "Unsupported protocol version", "101, then garbage"],
        ["?EIO=4&transport=polling", "Bad request", "101, then Close"],
      ];
      for (const [query, message, difference] of cases) {
        it(
          `answers ${query} with 400 and the text`,
          { skip: difference && unlessOurs(difference) },
          async () => {
            const answer = await refusedUpgrade(`${server.ws}${PATH}${query}`);
            assertAnswer(answer, { status: 400, body: message });
            assert.equal(answer.headers.connection, "close");
          },
        );
      }

      it("does not upgrade on another path", { skip: unlessOurs("no answer at all") }, async () => {
        assert.equal(
          (await refusedUpgrade(`${server.ws}/other/?EIO=4&transport=websocket`)).status,
          404,
        );
      });
    });

    describe("polling", () => {
      it("answers a POST with ok, as text/html", async () => {
        const session = await open();
        const answer = await session.post("4x");
        assertAnswer(answer, { status: 200, body: "ok" });
        assert.match(answer.headers["content-type"], /^text\/html/);
        assert.equal(answer.headers["content-length"], "2");
        assert.equal(answer.headers["cache-control"], "no-store");
      });

      it("holds a GET until there is a packet", async () => {
        const session = await open();
        const { answer } = await session.waiting();
        await session.send("4hello");
        const received = await answer;
        assertAnswer(received, { status: 200, body: "4hello" });
        assert.equal(received.headers["content-type"].toLowerCase(), "text/plain; charset=utf-8");
        assert.equal(received.headers["cache-control"], "no-store");
      });

      it("joins waiting packets in one answer", async () => {
        const session = await open();
        await session.send("4test1");
        await session.send("4test2", "4test3");
        assert.equal(await session.receive(), ["4test1", "4test2", "4test3"].join(SEPARATOR));
      });

      it("carries binary as base64", async () => {
        const session = await open();
        await session.send("bAQIDBA==");
        assert.equal(await session.receive(), "bAQIDBA==");
        await session.send("b", "bAA==", "4text", "b/+8=");
        assert.equal(await session.receive(), ["b", "bAA==", "4text", "b/+8="].join(SEPARATOR));
      });

      it("carries text of any script, and the JSON escape of its separator", async () => {
        const session = await open();
        await session.assertAlive('κόσμε 💹 "\\u001e" \u0000 \u2028');
      });

      it(
        "answers with at most 16 packets and keeps the rest",
        { skip: unlessOurs("flushes all") },
        async () => {
          const session = await open();
          const sent = Array.from({ length: 40 }, (_, number) => `4message ${number}`);
          for (let at = 0; at < 40; at += 8) await session.send(...sent.slice(at, at + 8));
          const received = [];
          while (received.length < 40) {
            const packets = (await session.receive()).split(SEPARATOR);
            assert.ok(packets.length <= 16, `${packets.length} packets`);
            received.push(...packets);
          }
          assert.deepEqual(received, sent);
        },
      );

      it("ends the session at a second GET; the first one gets a close packet", async () => {
        const session = await open();
        const first = session.pending();
        const second = session.pending();
        const answers = await Promise.all([first.answer, second.answer]);
        const [kept, refused] = answers[0].status === 200 ? answers : [...answers].reverse();
        assertAnswer(kept, { status: 200, body: "1" });
        assert.ok([400, 500].includes(refused.status), `status ${refused.status}`);
        await session.assertClosed();
      });

      it("ends the session when a waiting GET is cut", async () => {
        const session = await open();
        const { answer, request } = await session.waiting();
        request.destroy();
        await assert.rejects(answer);
        const gone = await eventually("the end of the session", async () => {
          const post = await session.post("6");
          return post.status === 400 && post;
        });
        assert.equal(JSON.parse(gone.body).code, 1);
      });

      it("ends the session when a POST is cut inside its body", async () => {
        const session = await open();
        const cut = net.connect(server.port, "127.0.0.1");
        await once(cut, "connect");
        const target = session.url.slice(server.http.length);
        cut.write(`POST ${target} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n4half`);
        await session.send("6").catch(() => {}); // may already be the second POST
        cut.destroy();
        await eventually(
          "the end of the session",
          async () => (await session.post("6")).status === 400,
        );
        await session.assertClosed();
      });

      it("ends the session at a second POST beside an unfinished one", async () => {
        const session = await open();
        const first = net.connect(server.port, "127.0.0.1");
        first.on("error", () => {});
        first.resume();
        const ended = once(first, "close");
        const target = session.url.slice(server.http.length);
        first.write(`POST ${target} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n4half`);
        await eventually(
          "the end of the session",
          async () => (await session.post("6")).status === 400,
        );
        await session.assertClosed();
        await within(ended, "the end of the first POST's connection");
      });

      it("refuses a POST of application/octet-stream and ends the session", async () => {
        const session = await open();
        const answer = await session.post("4x", { "Content-Type": "application/octet-stream" });
        assert.equal(answer.status, 400);
        await session.assertClosed();
      });

      it("takes a body of maxPayload octets", async () => {
        const session = await open();
        const body = `4${"x".repeat(MAX_PAYLOAD - 1)}`;
        await session.send(body);
        assert.equal(await session.receive(), body);
      });

      it("answers one octet more with 413; session and waiting GET go on", async () => {
        const session = await open();
        const { answer } = await session.waiting();
        const refused = await session.post(`4${"x".repeat(MAX_PAYLOAD)}`);
        assertAnswer(refused, { status: 413, body: "" });
        await session.send("4still here");
        assertAnswer(await answer, { status: 200, body: "4still here" });
      });

      it("counts octets, not characters", async () => {
        const session = await open();
        assert.equal((await session.post(`4${"é".repeat(MAX_PAYLOAD / 2)}`)).status, 413);
        await session.assertAlive();
      });

      it(
        "refuses an announced body of 10 GB before it comes",
        { skip: unlessOurs("it waits") },
        async () => {
          const session = await open();
          const target = session.url.slice(server.http.length);
          const head = `POST ${target} HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000000\r\n\r\n`;
          assert.equal(statusOf(await exchangeRaw(server.port, head)), 413);
          await session.assertAlive();
        },
      );

      it("processes the packets before a bad one", async () => {
        const session = await open();
        const { answer } = await session.waiting();
        assert.equal((await session.post(["4one", "abc", "4two"].join(SEPARATOR))).status, 200);
        const { body } = await answer;
        assert.ok(body.startsWith("4one"), body);
        assert.ok(!body.includes("4two"), body);
        await session.assertClosed();
      });
    });

    describe("what a POST does to its session", () => {
      const bodies = [
        ["", "1"],
        ["abc", "1"],
        ["9", "1"],
        ["\u{1F4B9}", "1"],
        ["2", "1"],
        ["2probe", "1"],
        ["1", "6"],
      ];
      for (const [body, waiting] of bodies) {
        it(`closes at ${JSON.stringify(body)}; the waiting GET gets ${waiting}`, async () => {
          const session = await open();
          const { answer } = await session.waiting();

          assertAnswer(await session.post(body), { status: 200, body: "ok" });
          assertAnswer(await answer, { status: 200, body: waiting });
          await session.assertClosed();
        });
      }

      for (const body of ["0{}", "5", "6", "3", "3probe"]) {
        it(`ignores ${body}; the waiting GET stays`, async () => {
          const session = await open();
          const { answer } = await session.waiting();
          assertAnswer(await session.post(body), { status: 200, body: "ok" });
          await session.send("4after");
          assertAnswer(await answer, { status: 200, body: "4after" });
        });
      }

      it(
        "closes at base64 that is none",
        { skip: unlessOurs("its decoder is lenient") },
        async () => {
          const session = await open();
          await session.post("b!!!!");
          await session.assertClosed();
        },
      );

      it(
        "closes at text that is not UTF-8",
        { skip: unlessOurs("it replaces characters") },
        async () => {
          const session = await open();
          await session.post(Buffer.from("34ff", "hex"));
          await session.assertClosed();
        },
      );
    });

    describe("WebSocket", () => {
      const connect = async (query = "") => {
        const socket = await Socket.open(`${server.ws}${PATH}?EIO=4&transport=websocket${query}`);
        assert.equal((await socket.next("the open packet"))[0], "0");
        return socket;
      };

      it("echoes text and binary in order", async () => {
        const socket = await connect();
        const sent = [
          "4one",
          Buffer.from([1, 2, 3, 4]),
          "4",
          Buffer.alloc(0),
          "4κόσμε",
          Buffer.alloc(70_000, 7),
        ];
        for (const message of sent) socket.send(message);
        for (const message of sent) assert.deepEqual(await socket.next(), message);
        socket.drop();
      });

      it("takes base64 text as binary", async () => {
        const socket = await connect();
        socket.send("bAQIDBA==");
        assert.deepEqual(await socket.next(), Buffer.from([1, 2, 3, 4]));
        socket.drop();
      });

      it("sends binary as base64 text to a client with b64=1", async () => {
        const socket = await connect("&b64=1");
        socket.send("bAQIDBA==");
        assert.equal(await socket.next(), "bAQIDBA==");
        socket.drop();
      });

      for (const packet of ["0{}", "5", "6", "3", "3probe"]) {
        it(`ignores ${packet}`, async () => {
          const socket = await connect();
          socket.send(packet);
          socket.send("4after");
          assert.equal(await socket.next(), "4after");
          socket.drop();
        });
      }

      for (const packet of ["abc", "", "9", "2", "2probe"]) {
        it(`closes at ${JSON.stringify(packet)}`, async () => {
          const socket = await connect();
          socket.send(packet);
          await socket.end();
        });
      }

      it("closes at the close packet", { skip: unlessOurs("it ignores the packet") }, async () => {
        const socket = await connect();
        socket.send("1");
        await socket.end();
      });

      it("takes a message of maxPayload octets and closes with 1009 at one more", async () => {
        const socket = await connect();
        const largest = `4${"x".repeat(MAX_PAYLOAD - 1)}`;
        socket.send(largest);
        assert.equal(await socket.next(), largest);
        socket.send(`${largest}x`);
        assert.equal(await socket.end(), 1009);
      });

      it("forgets the session when the WebSocket closes", async () => {
        const socket = await Socket.open(`${server.ws}${PATH}?EIO=4&transport=websocket`);
        const { sid } = JSON.parse((await socket.next()).slice(1));
        socket.ws.close();
        await socket.end();
        await eventually("the session is forgotten", async () => {
          const answer = await get(`?EIO=4&transport=polling&sid=${sid}`);
          return JSON.parse(answer.body).code === 1;
        });
      });
    });

    describe("upgrade", () => {
      it("probes, completes, and moves the session to the WebSocket", async () => {
        const session = await open();
        const socket = await session.upgrade();
        socket.send("4over websocket");
        assert.equal(await socket.next(), "4over websocket");
        socket.send(Buffer.from([9]));
        assert.deepEqual(await socket.next(), Buffer.from([9]));
        socket.drop();
      });

      it("releases a waiting GET with a noop at the probe", async () => {
        const session = await open();
        const { answer } = await session.waiting();
        const socket = await session.probe();
        assertAnswer(await answer, { status: 200, body: "6" });
        socket.send("5");
        socket.send("4after");
        assert.equal(await socket.next(), "4after");
        socket.drop();
      });

      it("answers a GET between probe and upgrade with a noop at once", async () => {
        const session = await open();
        const socket = await session.probe();
        assert.equal(await session.receive(), "6");
        assert.equal(await session.receive(), "6");
        socket.drop();
      });

      it("serves polling until the upgrade packet", async () => {
        const session = await open();
        const socket = await session.probe();
        await session.send("4during");
        const received = await session.receive();
        assert.ok(["4during", "6"].includes(received), received);
        if (received === "6") assert.equal(await session.receive(), "4during");
        assert.deepEqual(socket.messages.peek(), []);
        socket.drop();
      });

      it("flushes what waits to the WebSocket after the upgrade packet", async () => {
        const session = await open();
        const socket = await session.probe();
        await session.send("4buffered 1", "4buffered 2", "bAQI=");
        socket.send("5");
        socket.send("4after");
        assert.equal(await socket.next(), "4buffered 1");
        assert.equal(await socket.next(), "4buffered 2");
        assert.deepEqual(await socket.next(), Buffer.from([1, 2]));
        assert.equal(await socket.next(), "4after");
        socket.drop();
      });

      it("refuses polling right after the upgrade packet, every time", async () => {
        for (let round = 0; round < 25; round += 1) {
          const session = await open();
          const socket = await session.upgrade();
          assertAnswer(await session.poll(), badRequest);
          socket.send("4on");
          assert.equal(await socket.next(), "4on");
          assertAnswer(await session.post("4x"), badRequest);
          socket.drop();
        }
      });

      it("completes without a probe; a waiting GET gets a noop", async () => {
        const session = await open();
        const { answer } = await session.waiting();
        const socket = await Socket.open(session.wsUrl);
        socket.send("5");
        socket.send("4bare");
        assert.equal(await socket.next(), "4bare");
        const { status, body } = await answer;
        assert.ok(
          (status === 200 && ["6", "1"].includes(body)) || status === 400,
          `${status} ${body}`,
        );
        socket.drop();
      });

      for (const first of [
        "3probe",
        "4hi",
        "2",
        "2other",
        "",
        "1",
        "6",
        "abc",
        Buffer.from("2probe"),
      ]) {
        const kind = typeof first === "string" ? "text" : "binary";
        it(`closes only a WebSocket that begins with ${kind} "${first}"`, async () => {
          const session = await open();
          const socket = await Socket.open(session.wsUrl);
          socket.send(first);
          await socket.end();
          await session.assertAlive();
          const again = await session.upgrade();
          again.send("4upgraded");
          assert.equal(await again.next(), "4upgraded");
          again.drop();
        });
      }

      it("survives a WebSocket that closes after the probe", async () => {
        const session = await open();
        const socket = await session.probe();
        socket.ws.close();
        await socket.end();
        await eventually("polling goes on", async () => {
          await session.send("4alive");
          let body;
          do body = await session.receive();
          while (body === "6");
          return body === "4alive";
        });
        const again = await session.upgrade();
        again.send("4upgraded");
        assert.equal(await again.next(), "4upgraded");
        again.drop();
      });

      it("closes a second WebSocket of the session, before and after the upgrade", async () => {
        const session = await open();
        const first = await session.probe();
        const second = new Socket(session.wsUrl);
        await second.end();
        first.send("5");
        first.send("4first");
        assert.equal(await first.next(), "4first");
        const third = new Socket(session.wsUrl);
        await third.end();
        first.send("4still first");
        assert.equal(await first.next(), "4still first");
        first.drop();
      });

      it("loses and repeats nothing around the upgrade", async () => {
        const session = await open();
        const received = [];
        let polling = true;
        const reader = (async () => {
          while (polling) {
            const answer = await session.poll();
            if (answer.status !== 200) return;
            received.push(...answer.body.split(SEPARATOR).filter((packet) => packet !== "6"));
          }
        })();
        for (let number = 0; number < 10; number += 1) await session.send(`4${number}`);
        const socket = await session.probe();
        polling = false;
        await reader;
        for (let number = 10; number < 20; number += 1) await session.send(`4${number}`);
        socket.send("5");
        for (let number = 20; number < 30; number += 1) socket.send(`4${number}`);
        while (received.length < 30) received.push(await socket.next());
        assert.deepEqual(
          received,
          Array.from({ length: 30 }, (_, number) => `4${number}`),
        );
        socket.drop();
      });
    });

    describe("CORS", () => {
      const headers = { Origin: "https://app.example.com" };
      const allowed = (answer) =>
        assert.ok(
          ["*", headers.Origin].includes(answer.headers["access-control-allow-origin"]),
          `Access-Control-Allow-Origin: ${answer.headers["access-control-allow-origin"]}`,
        );

      it("marks answers, errors too, for pages of an allowed origin", async () => {
        allowed(await get("?EIO=4&transport=polling", { headers }));
        allowed(await get("?EIO=3&transport=polling", { headers }));
        allowed(await get("?EIO=4&transport=polling&sid=unknown", { headers }));
      });

      it("answers a preflight with 204 and what may be sent", async () => {
        const answer = await get("?EIO=4&transport=polling&sid=whatever", {
          method: "OPTIONS",
          headers: {
            ...headers,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type,authorization",
          },
        });
        assertAnswer(answer, { status: 204, body: "" });
        allowed(answer);
        assert.match(answer.headers["access-control-allow-methods"], /\bPOST\b/);
        assert.match(answer.headers["access-control-allow-headers"], /authorization/i);
      });
    });

    describe("HTTP", () => {
      const handshake = `GET ${PATH}?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n`;

      it("serves several requests on one connection, pipelined too", async () => {
        const both = `${handshake}\r\n${handshake}Connection: close\r\n\r\n`;
        const answer = await exchangeRaw(server.port, both);
        assert.equal(answer.match(/HTTP\/1\.1 200/g)?.length, 2);
      });

      it("serves a request that comes octet by octet", async () => {
        const socket = net.connect(server.port, "127.0.0.1");
        socket.setNoDelay(true);
        await once(socket, "connect");
        for (const octet of `${handshake}\r\n`) socket.write(octet);
        const [data] = await within(once(socket, "data"), "the answer");
        assert.match(data.toString(), /^HTTP\/1\.1 200/);
        socket.destroy();
      });

      const upgrade =
        `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n` +
        `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n`;
      const bad = [
        [
          "a request line without a version",
          `GET ${PATH}?EIO=4&transport=polling\r\nHost: x\r\n\r\n`,
        ],
        ["two Hosts", `${handshake}Host: y\r\n\r\n`],
        ["no Host", `GET ${PATH}?EIO=4&transport=polling HTTP/1.1\r\n\r\n`],
        ["two Content-Lengths", `${handshake}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`],
        [
          "Content-Length and Transfer-Encoding",
          `${handshake}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
        ],
        [
          "an upgrade in HTTP/1.0",
          `GET ${PATH}?EIO=4&transport=websocket HTTP/1.0\r\nHost: x\r\n${upgrade}\r\n`,
        ],
        ["garbage", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"],
      ];
      for (const [name, request] of bad) {
        it(`refuses ${name}`, { skip: unlessOurs("it is lenient") }, async () => {
          const status = statusOf(await exchangeRaw(server.port, request));
          assert.ok([0, 400, 426, 501, 505].includes(status), `status ${status}`);
          await (await open()).assertAlive();
        });
      }
    });
  });

  describe(`Engine.IO heartbeat, workers: ${workers}`, () => {
    let server;
    before(async () => (server = await EchoServer.start({ workers, ...QUICK })));
    after(() => server?.stop());

    it("pings a polling client, three rounds", async () => {
      const session = await Session.open(server);
      for (let round = 0; round < 3; round += 1) {
        assert.equal(await session.receive(), "2");
        await session.send("3");
      }
    });

    it("closes a polling client that does not answer", async () => {
      const session = await Session.open(server);
      await eventually("the ping timeout", async () => (await session.post("6")).status === 400);
      await session.assertClosed();
    });

    it("ends a waiting GET at the ping timeout", async () => {
      const session = await Session.open(server);
      assert.equal(await session.receive(), "2");
      assertAnswer(await session.poll(), { status: 200, body: "1" });
      await session.assertClosed();
    });

    it("does not take other packets for a pong", async () => {
      const session = await Session.open(server);
      await eventually(
        "the ping timeout",
        async () => (await session.post("4busy")).status === 400,
      );
    });

    it("pings a WebSocket client, three rounds", async () => {
      const socket = await Socket.open(`${server.ws}${PATH}?EIO=4&transport=websocket`);
      assert.equal((await socket.next())[0], "0");
      for (let round = 0; round < 3; round += 1) {
        assert.equal(await socket.next(), "2");
        socket.send("3");
      }
      socket.drop();
    });

    it("closes a WebSocket client that does not answer", async () => {
      const socket = await Socket.open(`${server.ws}${PATH}?EIO=4&transport=websocket`);
      await socket.end();
      assert.equal(socket.messages.peek().at(-1), "2");
    });

    it("goes on pinging across an upgrade", async () => {
      const session = await Session.open(server);
      assert.equal(await session.receive(), "2");
      await session.send("3");
      const socket = await session.upgrade();
      assert.equal(await socket.next(), "2");
      socket.send("3");
      assert.equal(await socket.next(), "2");
      socket.drop();
    });
  });
}
