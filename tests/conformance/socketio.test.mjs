// Socket.IO v5 against echo_server: CONNECT, events, acknowledgements, binary, bad packets.
//
// The application on /socket.io/, namespaces "/" and "/custom": after CONNECT it emits `auth` with
// the CONNECT payload; `message` comes back as `message-back`; `message-with-ack` is acknowledged
// with its arguments.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { CALM, EchoServer, QUICK, unlessOurs } from "../support/echo_server.mjs";
import { SEPARATOR, Session } from "../support/engine_client.mjs";
import { Socket } from "../support/wire.mjs";

const PATH = "/socket.io/";
const placeholder = (num) => ({ _placeholder: true, num });

for (const workers of [1, 4]) {
  describe(`Socket.IO, workers: ${workers}`, () => {
    let server;
    before(async () => (server = await EchoServer.start({ workers, ...CALM })));
    after(() => server?.stop());

    const open = async () => {
      const socket = await Socket.open(`${server.ws}${PATH}?EIO=4&transport=websocket`);
      assert.equal((await socket.next("the open packet"))[0], "0");
      return socket;
    };
    const join = async (socket, namespace = "", payload = "") => {
      socket.send(`40${namespace}${payload}`);
      const answer = await socket.next("the CONNECT answer");
      assert.match(answer, new RegExp(`^40${namespace}\\{"sid":"[A-Za-z0-9_-]{20,}"\\}$`));
      assert.match(await socket.next("auth"), new RegExp(`^42${namespace}\\["auth",`));
      return JSON.parse(answer.slice(2 + namespace.length)).sid;
    };
    const openAndJoin = async () => {
      const socket = await open();
      await join(socket);
      return socket;
    };
    /** The socket still works: the next thing it receives is this echo. */
    const assertNext = async (socket, marker = "still here") => {
      socket.send(`42["message","${marker}"]`);
      assert.equal(await socket.next(), `42["message-back","${marker}"]`);
    };

    describe("CONNECT", () => {
      it("answers with a sid of its own, then sends auth", async () => {
        const socket = await open();
        socket.send("40");
        const answer = await socket.next();
        assert.match(answer, /^40\{"sid":"[A-Za-z0-9_-]{20,}"\}$/);
        assert.equal(await socket.next(), '42["auth",{}]');
        socket.drop();
      });

      it("does not give the engine's sid away as the socket's", async () => {
        const socket = await Socket.open(`${server.ws}${PATH}?EIO=4&transport=websocket`);
        const { sid } = JSON.parse((await socket.next()).slice(1));
        assert.notEqual(await join(socket), sid);
        socket.drop();
      });

      it("hands the payload over unchanged", async () => {
        const socket = await open();
        const payload = '{"token":"123","n":[1,true,null,{"é":"\\"\\\\"}]}';
        socket.send(`40${payload}`);
        await socket.next();
        assert.deepEqual(JSON.parse((await socket.next()).slice(2)), ["auth", JSON.parse(payload)]);
        socket.drop();
      });

      for (const packet of ["40/custom,", "40/custom"]) {
        it(`joins a namespace with ${packet}`, async () => {
          const socket = await open();
          socket.send(packet);
          assert.match(await socket.next(), /^40\/custom,\{"sid":"[A-Za-z0-9_-]{20,}"\}$/);
          assert.equal(await socket.next(), '42/custom,["auth",{}]');
          socket.drop();
        });
      }

      it("gives the payload to the namespace it is for", async () => {
        const socket = await open();
        socket.send('40/custom,{"token":"abc"}');
        await socket.next();
        assert.equal(await socket.next(), '42/custom,["auth",{"token":"abc"}]');
        socket.drop();
      });

      it("joins two namespaces on one connection, with different sids", async () => {
        const socket = await open();
        assert.notEqual(await join(socket), await join(socket, "/custom,"));
        socket.send('42/custom,["message","a"]');
        assert.equal(await socket.next(), '42/custom,["message-back","a"]');
        await assertNext(socket);
        socket.drop();
      });

      for (const namespace of ["/random", "/custom2", "/Custom", "/custom/", "/custom?x=1"]) {
        it(`refuses ${namespace} and keeps the connection`, async () => {
          const socket = await open();
          socket.send(`40${namespace},`);
          assert.equal(await socket.next(), `44${namespace},{"message":"Invalid namespace"}`);
          await join(socket);
          await assertNext(socket);
          socket.drop();
        });
      }

      it("joins over polling, several packets in one body", async () => {
        const session = await Session.open(server, PATH);
        await session.send("40", "40/custom,");
        const packets = [];
        while (packets.length < 4) packets.push(...(await session.receive()).split(SEPARATOR));
        const of = (start) => packets.filter((packet) => packet.startsWith(start)).length;
        assert.deepEqual(
          [of("40{"), of("42["), of("40/custom,{"), of("42/custom,[")],
          [1, 1, 1, 1],
        );
      });

      it("keeps its namespaces across an upgrade", async () => {
        const session = await Session.open(server, PATH);
        await session.send("40");
        let packets = [];
        while (packets.length < 2) packets.push(...(await session.receive()).split(SEPARATOR));
        const socket = await session.upgrade();
        await assertNext(socket, "after upgrade");
        socket.drop();
      });
    });

    describe("DISCONNECT", () => {
      it("leaves the namespace, and the connection stays", async () => {
        const socket = await openAndJoin();
        await join(socket, "/custom,");
        socket.send("41/custom");
        await assertNext(socket);
        socket.drop();
      });

      /** Joins both namespaces, leaves "/", and waits until the server has seen it. */
      const leave = async () => {
        const socket = await open();
        const sid = await join(socket);
        await join(socket, "/custom,");
        socket.send("41");
        socket.send('42/custom,["message","seen"]');
        assert.equal(await socket.next(), '42/custom,["message-back","seen"]');
        return { socket, sid };
      };

      it("gives a new sid when the client connects again", async () => {
        const { socket, sid } = await leave();
        assert.notEqual(await join(socket), sid);
        await assertNext(socket);
        socket.drop();
      });

      it(
        "takes CONNECT right behind DISCONNECT",
        { skip: unlessOurs("it mixes them up") },
        async () => {
          const socket = await openAndJoin();
          socket.send("41");
          await join(socket);
          await assertNext(socket);
          socket.drop();
        },
      );

      it("closes the connection at an event for a namespace that was left", async () => {
        const { socket } = await leave();
        socket.send('42["message","late"]');
        await socket.end();
        assert.deepEqual(socket.messages.peek(), []);
      });
    });

    describe("EVENT and ACK", () => {
      const echoes = [
        '[1,"2",{"3":[true]}]',
        "[]",
        "[null,true,false,0,-1,1.5,1e21]",
        '["κόσμε 💹","quote \\" backslash \\\\ newline \\n"]',
        '[{"__proto__":{"x":1},"constructor":1}]',
        '[{"_placeholder":true,"num":0}]',
        '[[[[[]]]],{"a":{"b":{"c":{}}}}]',
        `["${"x".repeat(100_000)}"]`,
      ];
      for (const text of echoes) {
        it(`echoes the arguments ${text.slice(0, 50)}`, async () => {
          const socket = await openAndJoin();
          const inner = text.slice(1, -1);
          socket.send(`42["message"${inner && ","}${inner}]`);
          const answer = await socket.next();
          assert.equal(answer.slice(0, 17), '42["message-back"');
          assert.deepEqual(JSON.parse(answer.slice(2)), ["message-back", ...JSON.parse(text)]);
          socket.drop();
        });
      }

      it("acknowledges with the id of the event", async () => {
        const socket = await openAndJoin();
        socket.send('42456["message-with-ack",1,"2",{"3":[false]}]');
        assert.equal(await socket.next(), '43456[1,"2",{"3":[false]}]');
        socket.send('420["message-with-ack"]');
        assert.equal(await socket.next(), "430[]");
        socket.send('42123456789012345["message-with-ack","long id"]');
        assert.equal(await socket.next(), '43123456789012345["long id"]');
        socket.drop();
      });

      it("acknowledges in the namespace of the event", async () => {
        const socket = await openAndJoin();
        await join(socket, "/custom,");
        socket.send('42/custom,7["message-with-ack","x"]');
        assert.equal(await socket.next(), '43/custom,7["x"]');
        socket.drop();
      });

      it("keeps the order of a burst", async () => {
        const socket = await openAndJoin();
        for (let number = 0; number < 300; number += 1) socket.send(`42["message",${number}]`);
        for (let number = 0; number < 300; number += 1) {
          assert.equal(await socket.next(), `42["message-back",${number}]`);
        }
        socket.drop();
      });

      it("ignores acknowledgements nobody asked for, and events nobody handles", async () => {
        const socket = await openAndJoin();
        socket.send('43999["nobody"]');
        socket.send('42["unknown-event",1]');
        socket.send('42["error","allowed"]');
        await assertNext(socket);
        socket.drop();
      });
    });

    describe("BINARY", () => {
      const bytes = [Buffer.from([1, 2, 3]), Buffer.from([4, 5, 6])];

      it("echoes attachments in order, after their packet", async () => {
        const socket = await openAndJoin();
        socket.send('452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]');
        for (const attachment of bytes) socket.send(attachment);
        assert.equal(
          await socket.next(),
          '452-["message-back",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
        );
        assert.deepEqual(await socket.next(), bytes[0]);
        assert.deepEqual(await socket.next(), bytes[1]);
        socket.drop();
      });

      it("acknowledges with attachments", async () => {
        const socket = await openAndJoin();
        socket.send(
          '452-789["message-with-ack",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
        );
        for (const attachment of bytes) socket.send(attachment);
        assert.equal(
          await socket.next(),
          '462-789[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
        );
        assert.deepEqual(await socket.next(), bytes[0]);
        assert.deepEqual(await socket.next(), bytes[1]);
        socket.drop();
      });

      it("finds placeholders at any depth, and takes an empty attachment", async () => {
        const sent = ["message", { a: [placeholder(0)], b: { c: placeholder(1) } }];
        const socket = await openAndJoin();
        socket.send(`452-${JSON.stringify(sent)}`);
        socket.send(bytes[0]);
        socket.send(Buffer.alloc(0));
        const header = await socket.next();
        assert.deepEqual(JSON.parse(header.slice(4)), ["message-back", sent[1]]);
        assert.deepEqual(await socket.next(), bytes[0]);
        assert.deepEqual(await socket.next(), Buffer.alloc(0));
        socket.drop();
      });

      it("takes ten attachments", async () => {
        const socket = await openAndJoin();
        const sent = Array.from({ length: 10 }, (_, num) => placeholder(num));
        socket.send(`4510-${JSON.stringify(["message", ...sent])}`);
        for (let num = 0; num < 10; num += 1) socket.send(Buffer.from([num]));
        assert.ok((await socket.next()).startsWith('4510-["message-back",'));
        for (let num = 0; num < 10; num += 1)
          assert.deepEqual(await socket.next(), Buffer.from([num]));
        socket.drop();
      });

      it("carries attachments over polling as base64", async () => {
        const session = await Session.open(server, PATH);
        await session.send("40");
        let packets = [];
        while (packets.length < 2) packets.push(...(await session.receive()).split(SEPARATOR));
        await session.send('451-["message",{"_placeholder":true,"num":0}]', "bAQID/w==");
        packets = [];
        while (packets.length < 2) packets.push(...(await session.receive()).split(SEPARATOR));
        assert.deepEqual(packets, [
          '451-["message-back",{"_placeholder":true,"num":0}]',
          "bAQID/w==",
        ]);
      });
    });

    describe("what closes the connection", () => {
      const nested = "[".repeat(100_000) + "]".repeat(100_000);
      const beforeJoin = [
        "4abc",
        "4",
        "47",
        "49",
        '42["message","not joined"]',
        '43["x"]',
        "41",
        "40[1]",
        '40"x"',
        "40null",
        "40{",
        "44",
        '44{"message":"from a client"}',
        Buffer.from([1, 2, 3]),
      ];
      for (const packet of beforeJoin) {
        it(`before CONNECT: ${JSON.stringify(packet.toString()).slice(0, 50)}`, async () => {
          const socket = await open();
          socket.send(packet);
          await socket.end();
        });
      }

      const afterJoin = [
        "4abc",
        "4",
        "47",
        "40",
        '40{"token":"again"}',
        "42{}",
        '42"message"',
        "42[]",
        "42[1",
        "42[{}]",
        "42[null]",
        "42[true]",
        '42abc["message"]',
        '42["message",]',
        '42["message"]x',
        `42["message",${nested}]`,
        '42["connect"]',
        '42["connect_error"]',
        '42["disconnect"]',
        '42["disconnecting"]',
        '42["newListener"]',
        '42["removeListener"]',
        '42/chat["message"]',
        '42/chat,["message","not joined"]',
        "43{}",
        '431"x"',
        '44{"message":"x"}',
        '41{"a":1}',
        '450-["message"]',
        '4511-["message"]',
        '45["message"]',
        '451.5-["message"]',
        '45-1-["message"]',
        Buffer.from([1, 2, 3]),
      ];
      for (const packet of afterJoin) {
        const hostile = packet.includes?.("[[[[") && unlessOurs("its JSON parser has no depth");
        const name = `after CONNECT: ${JSON.stringify(packet.toString()).slice(0, 50)}`;
        it(name, { skip: hostile }, async () => {
          const socket = await openAndJoin();
          socket.send(packet);
          await socket.end();
          (await openAndJoin()).drop();
        });
      }

      const badBinary = [
        [
          "text while attachments are missing",
          ['451-["message",{"_placeholder":true,"num":0}]', '42["message"]'],
        ],
        [
          "a placeholder out of range",
          ['451-["message",{"_placeholder":true,"num":1}]', Buffer.from([1])],
        ],
        [
          "a negative placeholder",
          ['451-["message",{"_placeholder":true,"num":-1}]', Buffer.from([1])],
        ],
        [
          "a placeholder that is a string",
          ['451-["message",{"_placeholder":true,"num":"0"}]', Buffer.from([1])],
        ],
        [
          "one attachment too many",
          ['451-["message",{"_placeholder":true,"num":0}]', Buffer.from([1]), Buffer.from([2])],
        ],
      ];
      for (const [name, packets] of badBinary) {
        it(name, async () => {
          const socket = await openAndJoin();
          for (const packet of packets) socket.send(packet);
          await socket.end();
        });
      }

      it("a bad packet over polling: the POST is answered, then the session is gone", async () => {
        const session = await Session.open(server, PATH);
        await session.send("40");
        await session.receive();
        assert.equal((await session.post("4abc")).status, 200);
        // Nobody polls: the close may wait for the next GET, after what is still queued.
        const answer = await session.poll();
        if (answer.status === 200) {
          assert.match(answer.body, /(^|\x1e)1$/);
          await session.assertClosed();
        }
      });

      it(
        "an ack id of more digits than a number keeps",
        { skip: unlessOurs("it rounds") },
        async () => {
          const socket = await openAndJoin();
          socket.send('42123456789012345678901234567890["message-with-ack"]');
          await socket.end();
        },
      );
    });

    it("survives one event with 100,000 arguments", { skip: unlessOurs("it ends") }, async () => {
      const socket = await openAndJoin();
      socket.send(`42["message"${",1".repeat(100_000)}]`);
      await Promise.race([socket.next(), socket.end()]);
      socket.drop();
      (await openAndJoin()).drop();
    });
  });

  describe(`Socket.IO in time, workers: ${workers}`, () => {
    let server;
    before(async () => (server = await EchoServer.start({ workers, ...QUICK })));
    after(() => server?.stop());

    it("closes a connection that joins nothing", async () => {
      const socket = await Socket.open(`${server.ws}${PATH}?EIO=4&transport=websocket`);
      await socket.end("the end of a client that never joins");
    });

    it("sends nothing but pings after the last namespace was left", async () => {
      const socket = await Socket.open(`${server.ws}${PATH}?EIO=4&transport=websocket`);
      await socket.next();
      socket.send("40");
      await socket.next();
      await socket.next();
      socket.send("41");
      assert.equal(await socket.next(), "2");
      socket.send("3");
      assert.equal(await socket.next(), "2");
      socket.drop();
    });
  });
}
