// A new configuration for a running gateway: by SIGHUP and by the operations port, while clients are
// connected.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import tls from "node:tls";
import { Certificates } from "../support/certificates.mjs";
import { Client, disconnectAll } from "../support/clients.mjs";
import { API_KEY, Gateway, WORKERS, roomOf, tokenOf } from "../support/gateway.mjs";
import { eventually, stopAll } from "../support/process.mjs";
import { fetchText, within } from "../support/wire.mjs";

const OTHER_KEY = "another-key-of-32-characters-abcd";

afterEach(disconnectAll);

const reload = (gateway, key = API_KEY) =>
  fetchText(`${gateway.operations}/v1/reload`, { method: "POST", headers: { "X-API-Key": key } });

/** SIGHUP, and how it ended. */
async function hangUp(gateway) {
  const totals = async () => {
    const metrics = await gateway.metrics();
    const of = (result) => metrics.get(`outcry_reloads_total{result="${result}"}`);
    return { taken: of("taken"), refused: of("refused") };
  };
  const before = await totals();
  gateway.program.child.kill("SIGHUP");
  return eventually("a reload", async () => {
    const { taken, refused } = await totals();
    if (taken > before.taken) return "taken";
    return refused > before.refused && "refused";
  });
}

/** Until `check` holds on so many connections in a row that every worker has answered one. */
const untilEverywhere = (what, check) =>
  eventually(what, async () => {
    for (let i = 0; i < 8 * WORKERS; i += 1) if (!(await check())) return false;
    return true;
  });

describe("the configuration", () => {
  let gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
    await gateway.untilReady();
  });
  afterEach(() => stopAll(gateway));

  it("is read again at SIGHUP: new API keys open, old ones don't, clients stay", async () => {
    const { ann } = gateway.people;
    const client = await Client.connect(gateway, tokenOf(ann.user));
    await client.join(ann.challenge);
    gateway.configure({ operations: { api_keys: [OTHER_KEY] }, log: { level: "debug" } });
    assert.equal(await hangUp(gateway), "taken");
    const event = { room: roomOf(ann.challenge), event: "number", data: 1 };
    assert.equal((await gateway.post("/v1/publish", event)).status, 403);
    const taken = await gateway.post("/v1/publish", event, { "X-API-Key": OTHER_KEY });
    assert.equal(taken.status, 200);
    assert.equal((await client.next("number"))[0], 1);
    await eventually("a line that names the keys", () =>
      /reloaded; changed: operations.api_keys, log.level/.test(gateway.program.output),
    );
    assert.ok(!gateway.program.output.includes(OTHER_KEY));
  });

  it("is read again at POST /v1/reload, which answers what has changed", async () => {
    gateway.configure({
      server: { allowed_origins: ["https://other.example.com"] },
      engine: { ping_interval_ms: 20_000 },
    });
    const answer = await reload(gateway);
    assert.equal(answer.status, 200);
    assert.deepEqual(JSON.parse(answer.body), {
      changed: ["server.allowed_origins"],
      need_restart: ["engine.ping_interval_ms"],
    });
    const from = async (origin) => {
      const url = `${gateway.url}/socket.io/?EIO=4&transport=polling`;
      return (await fetchText(url, { headers: { Origin: origin } })).status;
    };
    await untilEverywhere("the new list", async () => {
      const listed = await from("https://other.example.com");
      return listed === 200 && (await from("https://app.example.com")) === 403;
    });
    assert.equal((await reload(gateway, "not-a-key")).status, 403);
  });

  it("stays as it was when the new one is wrong, and everyone is told", async () => {
    gateway.configure({ log: { level: "debug" }, server: { trusted_proxies: ["10.0.0.1/8"] } });
    const answer = await reload(gateway);
    assert.equal(answer.status, 422);
    assert.match(JSON.parse(answer.body).detail, /server.trusted_proxies: "10.0.0.1\/8"/);
    assert.equal(await hangUp(gateway), "refused");
    const readiness = await fetchText(`${gateway.operations}/readyz?verbose`);
    assert.equal(readiness.status, 200);
    assert.match(readiness.body, /"name":"configuration".*the last reload was refused/);
    assert.equal((await gateway.metrics()).get("outcry_reload_refused"), 1);
    await eventually("a line that says why", () =>
      /"level":"error","message":"reload refused/.test(gateway.program.output),
    );
    gateway.configure({ server: { trusted_proxies: ["10.0.0.0/8"] } });
    assert.equal((await reload(gateway)).status, 200);
    assert.equal((await gateway.metrics()).get("outcry_reload_refused"), 0);
  });
});

describe("limits", () => {
  let gateway;
  before(async () => {
    gateway = await Gateway.start({ config: { limits: { exempt_addresses: [] } } });
    await gateway.untilReady();
  });
  after(() => stopAll(gateway));

  const change = async (limits) => {
    gateway.configure({ limits });
    const answer = await reload(gateway);
    assert.equal(answer.status, 200, answer.body);
    return JSON.parse(answer.body);
  };
  const refusals = async (limit, outcome) => {
    const metrics = await gateway.metrics();
    return metrics.get(`outcry_limit_reached_total{limit="${limit}",outcome="${outcome}"}`);
  };
  /** The code that a packet of the client's is answered with; "" if it is taken. */
  const codeOf = async (client) => (await client.ask("leave_room", { room: "a" }))[0].code ?? "";

  it("change for who is connected and for who comes, and back", async () => {
    const token = tokenOf("u1");
    const client = await Client.connect(gateway, token, { reconnection: false });
    for (let i = 0; i < 10; ++i) assert.equal(await codeOf(client), "");

    const packets = { connection_packets_per_second: 1, connection_packets_burst: 20 };
    const { changed, need_restart } = await change({ ...packets, user_sockets_max: 1 });
    assert.deepEqual(changed, [
      "limits.user_sockets_max",
      "limits.connection_packets_per_second",
      "limits.connection_packets_burst",
    ]);
    assert.deepEqual(need_restart, []);
    await eventually("the new rate", async () => (await codeOf(client)) === "rate_limited");
    assert.ok((await refusals("connection_packets", "refused")) > 0);
    const second = new Client(gateway, { auth: { token }, reconnection: false });
    assert.equal((await second.refused()).data.code, "user_limit");
    assert.ok(client.socket.connected);

    await change({ dry_run: true });
    await eventually("nobody is refused", async () => (await codeOf(client)) === "");
    await Client.connect(gateway, token);
    assert.equal(await refusals("user_sockets", "counted"), 1);
  });

  it("of addresses change, and who is exempt from them", async () => {
    const handshake = async () =>
      (await fetchText(`${gateway.url}/socket.io/?EIO=4&transport=polling`)).status;
    const one = { address_connects_per_second: 1, address_connects_burst: 1 };
    await change({ dry_run: false, ...one });
    await eventually("a refusal", async () => (await handshake()) === 429);
    await change({ exempt_addresses: ["127.0.0.0/8"] });
    await untilEverywhere("none", async () => (await handshake()) === 200);
  });

  it("that what is counted depends on wait for a restart", async () => {
    assert.deepEqual((await change({ ipv6_prefix_bits: 56 })).need_restart, [
      "limits.ipv6_prefix_bits",
    ]);
  });
});

describe("certificates", () => {
  let certificates, gateway;
  before(async () => {
    certificates = new Certificates();
    gateway = await Gateway.start({ certificates });
    await gateway.untilReady();
  });
  after(async () => {
    await stopAll(gateway);
    certificates.remove();
  });

  /** {serial, reused, ticket}; throws if the certificate isn't for `servername`. */
  async function handshake(options = {}) {
    const { port } = gateway;
    const socket = tls.connect({ port, host: "127.0.0.1", ca: certificates.root, ...options });
    const session = once(socket, "session");
    session.catch(() => {});
    await within(once(socket, "secureConnect"), "the handshake");
    const [ticket] = options.session ? [] : await within(session, "a session ticket");
    const { serialNumber: serial } = socket.getPeerCertificate();
    const reused = socket.isSessionReused();
    socket.destroy();
    return { serial, reused, ticket };
  }

  it("are replaced at SIGHUP; connections stay, and sessions are resumed", async () => {
    const { ann } = gateway.people;
    const client = await Client.connect(gateway, tokenOf(ann.user), { ca: certificates.root });
    await client.join(ann.challenge);
    const before = await handshake();
    certificates.renew();
    assert.equal(await hangUp(gateway), "taken");
    await eventually("a line that names the key", () =>
      /reloaded; changed: server.tls_certificate_file/.test(gateway.program.output),
    );
    await untilEverywhere("the new one", async () => (await handshake()).serial !== before.serial);
    assert.equal((await handshake({ session: before.ticket })).reused, true);
    await gateway.publish(roomOf(ann.challenge), "number", 1);
    assert.equal((await client.next("number"))[0], 1);
    assert.equal(client.disconnects.size, 0);
  });

  it("stay when the new pair can't be used", async () => {
    const { serial } = await handshake();
    const key = readFileSync(certificates.keyFile);
    certificates.renew();
    writeFileSync(certificates.keyFile, key); // of the old one
    const answer = await reload(gateway);
    assert.equal(answer.status, 422);
    assert.match(JSON.parse(answer.body).detail, /server.tls_key_file.*isn't that of/);
    assert.equal((await handshake()).serial, serial);
    certificates.renew();
    assert.equal((await reload(gateway)).status, 200);
  });

  it("of several the one is presented that a client asks for", async () => {
    const shop = certificates.issue("shop", "DNS:shop.example.com, DNS:*.shops.example.com");
    gateway.configure({ server: { tls_certificates: { [shop.certificateFile]: shop.keyFile } } });
    assert.deepEqual(JSON.parse((await reload(gateway)).body).changed, ["server.tls_certificates"]);
    // The client compares the name with the certificate.
    await untilEverywhere("the shop's", () =>
      handshake({ servername: "shop.example.com" }).catch(() => false),
    );
    await handshake({ servername: "one.shops.example.com" });
    await handshake({ servername: "localhost" });
    await assert.rejects(handshake({ servername: "a.b.shops.example.com" }), /altnames/);
  });

  it("have their end in the metrics", async () => {
    const metrics = await gateway.metrics();
    const name = 'outcry_tls_certificate_end_seconds{port="clients",certificate="localhost"}';
    const left = metrics.get(name) - Date.now() / 1000;
    assert.ok(Math.abs(left - 2 * 86_400) < 3_600, `${left}`);
  });

  it("let answers say that browsers shall come by HTTPS alone, for as long as configured", async () => {
    const line = async () => {
      const { headers } = await fetchText(`${gateway.url}/none`, { ca: certificates.root });
      return headers["strict-transport-security"];
    };
    assert.equal(await line(), "max-age=31536000");
    gateway.configure({ server: { hsts_max_age_s: 0 } });
    assert.equal((await reload(gateway)).status, 200);
    await untilEverywhere("no such line", async () => (await line()) === undefined);
  });
});

describe("the operations port over TLS", () => {
  let certificates, gateway, caller;
  before(async () => {
    certificates = new Certificates();
    const own = certificates.issue("caller", "DNS:caller");
    caller = {
      ca: certificates.root,
      cert: readFileSync(own.certificateFile),
      key: readFileSync(own.keyFile),
    };
    gateway = await Gateway.start({
      config: {
        operations: { ...certificates.server, tls_client_ca_file: certificates.rootFile },
      },
    });
    gateway.operations = gateway.operations.replace("http:", "https:");
  });
  after(async () => {
    await stopAll(gateway);
    certificates.remove();
  });

  it("serves who shows a certificate, and nobody else", async () => {
    assert.equal((await fetchText(`${gateway.operations}/readyz`, caller)).status, 200);
    await assert.rejects(fetchText(`${gateway.operations}/readyz`, { ca: certificates.root }));
    await assert.rejects(fetchText(`${gateway.operations.replace("https:", "http:")}/readyz`));
  });

  it("presents a renewed certificate after a reload", async () => {
    const serial = async () => {
      const socket = tls.connect({ port: gateway.operationsPort, host: "127.0.0.1", ...caller });
      await within(once(socket, "secureConnect"), "the handshake");
      const { serialNumber } = socket.getPeerCertificate();
      socket.destroy();
      return serialNumber;
    };
    const before = await serial();
    certificates.renew();
    const answer = await fetchText(`${gateway.operations}/v1/reload`, {
      method: "POST",
      headers: { "X-API-Key": API_KEY },
      ...caller,
    });
    assert.deepEqual(JSON.parse(answer.body).changed, ["operations.tls_certificate_file"]);
    assert.notEqual(await serial(), before);
  });
});
