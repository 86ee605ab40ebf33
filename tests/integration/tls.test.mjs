// The gateway with TLS on its port: stock clients over https and wss, four workers, a certificate
// with an intermediate, resumption between workers, and those who don't speak TLS.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import https from "node:https";
import { after, afterEach, before, describe, it } from "node:test";
import tls from "node:tls";
import { Certificates } from "../support/certificates.mjs";
import { Client, TRANSPORTS, VERSIONS, disconnectAll } from "../support/clients.mjs";
import { Gateway, roomOf, tokenOf } from "../support/gateway.mjs";
import { stopAll } from "../support/process.mjs";
import { exchangeRaw, statusOf, within } from "../support/wire.mjs";

let certificates, gateway, ann;

before(async () => {
  certificates = new Certificates();
  gateway = await Gateway.start({ certificates });
  ({ ann } = gateway.people);
  await gateway.untilReady();
});
afterEach(disconnectAll);
after(async () => {
  await stopAll(gateway);
  certificates.remove();
});

const connect = (options = {}) =>
  Client.connect(gateway, tokenOf(ann.user), { ca: certificates.root, ...options });

for (const version of Object.keys(VERSIONS)) {
  for (const [name, transports] of Object.entries(TRANSPORTS)) {
    it(`socket.io-client ${version}, ${name}: joins and receives`, async () => {
      const client = await connect({ version, transports });
      if (transports.length === 2) await client.upgraded();
      assert.equal(client.transport, transports.at(-1));
      assert.equal((await client.join(ann.challenge)).challenge_id, ann.challenge);
      for (let number = 0; number < 50; number += 1) {
        await gateway.publish(roomOf(ann.challenge), "number", number);
      }
      for (let number = 0; number < 50; number += 1) {
        assert.equal((await client.next("number"))[0], number);
      }
    });
  }
}

it("delivers to many clients on all workers, large events whole", async () => {
  const clients = await Promise.all(Array.from({ length: 16 }, () => connect()));
  await Promise.all(clients.map((client) => client.join(ann.challenge)));
  const text = randomBytes(150_000).toString("base64");
  for (let number = 0; number < 3; number += 1) {
    await gateway.publish(roomOf(ann.challenge), "large", { number, text });
  }
  for (const client of clients) {
    for (let number = 0; number < 3; number += 1) {
      assert.deepEqual((await client.next("large"))[0], { number, text });
    }
  }
});

it("takes a polling client's requests on any connection", async () => {
  const client = await connect({ transports: ["polling"], agent: new https.Agent() });
  for (let round = 0; round < 10; round += 1) {
    await client.join(round % 2 === 0 ? ann.challenge : ann.second);
  }
  const metrics = await gateway.metrics();
  assert.ok(metrics.get("outcry_handovers_total") > 0, "some arrived at another worker");
});

it("is refused by a client that doesn't trust the root", async () => {
  const stranger = new Client(gateway, { ca: undefined, auth: {}, reconnection: false });
  await stranger.refused();
});

/** One request on a connection of its own: {reused, protocol, ticket}, the last if it is asked for. */
async function visit({ wantsTicket = false, ...options }) {
  const socket = tls.connect({
    port: gateway.port,
    host: "127.0.0.1",
    ca: certificates.root,
    ALPNProtocols: ["http/1.1"],
    ...options,
  });
  const session = once(socket, "session");
  session.catch(() => {});
  await within(once(socket, "secureConnect"), "the handshake");
  const reused = socket.isSessionReused();
  const protocol = socket.alpnProtocol;
  const [ticket] = wantsTicket ? await within(session, "a session ticket") : [];
  // Node emits "session" while OpenSSL reads: what is written at once is a broken record.
  await new Promise(setImmediate);
  socket.end("GET /none HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n");
  let answer = "";
  socket.setEncoding("latin1").on("data", (text) => (answer += text));
  await within(once(socket, "close"), "the end of the connection");
  assert.equal(statusOf(answer), 404);
  return { reused, ticket, protocol };
}

for (const version of ["TLSv1.2", "TLSv1.3"]) {
  it(`${version}: any worker resumes what another began`, async () => {
    const options = { minVersion: version, maxVersion: version };
    const before = await gateway.metrics();
    const first = await visit({ ...options, wantsTicket: true });
    assert.equal(first.reused, false);
    assert.equal(first.protocol, "http/1.1");
    const visits = Array.from({ length: 16 }, () => visit({ ...options, session: first.ticket }));
    for (const { reused } of await Promise.all(visits)) assert.equal(reused, true);
    const now = await gateway.metrics();
    const grown = (name) => now.get(name) - before.get(name);
    // Earlier tests' clients may still be saying goodbye.
    assert.ok(grown("outcry_tls_handshakes_total") >= 17);
    assert.ok(grown("outcry_tls_resumed_total") >= 16);
  });
}

describe("those who don't speak TLS as it should be", () => {
  it("plain HTTP is answered 400, and counted", async () => {
    const before = (await gateway.metrics()).get("outcry_tls_errors_total");
    const answer = await exchangeRaw(gateway.port, "GET / HTTP/1.1\r\nHost: here\r\n\r\n");
    assert.equal(statusOf(answer), 400);
    assert.match(answer, /https:/);
    assert.ok((await gateway.metrics()).get("outcry_tls_errors_total") > before);
  });

  it("garbage gets an alert and the end", async () => {
    const answer = await exchangeRaw(gateway.port, randomBytes(5_000));
    assert.ok(answer.length <= 7, `${answer.length} octets`);
  });

  it("TLS 1.1 is refused", async () => {
    const old = { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" };
    await assert.rejects(visit(old));
  });

  it("HTTP/2 alone is refused", async () => {
    await assert.rejects(visit({ ALPNProtocols: ["h2"] }), /no application protocol/i);
  });

  it("the others are still served", async () => {
    assert.equal((await visit({})).protocol, "http/1.1");
  });
});

it("tells clients to reconnect, and ends within its time, at SIGTERM", async () => {
  const other = await Gateway.start({ certificates });
  try {
    await other.untilReady();
    const owner = other.people.ann;
    const client = await Client.connect(other, tokenOf(owner.user), {
      ca: certificates.root,
      reconnection: false,
    });
    await client.join(owner.challenge);
    assert.equal(await other.stop(), 0);
    await client.disconnects.take("the disconnect");
  } finally {
    await other.kill();
  }
});
