// The gateway behind the real nginx and the real HAProxy, set up as the guide says: every way of
// connecting, what a client may not make the gateway believe, and the PROXY protocol.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { Certificates } from "../support/certificates.mjs";
import { Client, TRANSPORTS, disconnectAll } from "../support/clients.mjs";
import { Gateway, roomOf, tokenOf } from "../support/gateway.mjs";
import { stopAll } from "../support/process.mjs";
import { PROXY_ADDRESS, Proxy, blockOf } from "../support/proxies.mjs";
import { exchangeRaw, fetchText, statusOf } from "../support/wire.mjs";

const TRUSTING = { trusted_proxies: [PROXY_ADDRESS] };
const WITH_HEADER = { ...TRUSTING, proxy_protocol: "required" };
const POLLING = "/socket.io/?EIO=4&transport=polling";

let certificates;
before(() => {
  certificates = new Certificates();
});
afterEach(disconnectAll);
after(() => certificates.remove());

const httpBlock = () => blockOf("haproxy", "mode http");
const passingTls = () => blockOf("haproxy", "send-proxy-v2\n");
const endingTls = () => blockOf("haproxy", "send-proxy-v2-ssl");

/** How the gateway and its proxy are set up. */
const SETUPS = {
  "nginx ends TLS": {
    server: TRUSTING,
    proxy: (gateway) => Proxy.nginx(gateway, certificates),
  },
  "HAProxy ends TLS and speaks HTTP": {
    server: TRUSTING,
    proxy: (gateway) => Proxy.haproxy(gateway, certificates, httpBlock()),
  },
  "HAProxy passes TLS on, PROXY version 2": {
    server: WITH_HEADER,
    gatewayTls: true,
    proxy: (gateway) => Proxy.haproxy(gateway, certificates, passingTls()),
  },
  "HAProxy passes TLS on, PROXY version 1": {
    server: WITH_HEADER,
    gatewayTls: true,
    proxy: (gateway) =>
      Proxy.haproxy(gateway, certificates, passingTls().replace("send-proxy-v2", "send-proxy")),
  },
  "HAProxy ends TLS and passes bytes on, PROXY version 2": {
    server: WITH_HEADER,
    proxy: (gateway) => Proxy.haproxy(gateway, certificates, endingTls()),
  },
};

for (const [setup, { server, gatewayTls, proxy: startProxy }] of Object.entries(SETUPS)) {
  describe(setup, () => {
    let gateway, proxy;
    before(async () => {
      gateway = await Gateway.start({
        config: { server },
        certificates: gatewayTls ? certificates : undefined,
      });
      await gateway.untilReady();
      proxy = await startProxy(gateway);
    });
    after(() => stopAll(proxy, gateway));

    for (const [name, transports] of Object.entries(TRANSPORTS)) {
      it(`${name}: joins and receives, in order`, async () => {
        const { ann } = gateway.people;
        const options = { transports, ca: certificates.root };
        const client = await Client.connect(proxy, tokenOf(ann.user), options);
        if (transports.length === 2) await client.upgraded();
        assert.equal((await client.join(ann.challenge)).challenge_id, ann.challenge);
        for (let number = 0; number < 20; number += 1) {
          await gateway.publish(roomOf(ann.challenge), "number", number);
        }
        for (let number = 0; number < 20; number += 1) {
          assert.equal((await client.next("number"))[0], number);
        }
      });
    }

    it("believes the proxy, and all that it says is understood", async () => {
      const metrics = await gateway.metrics();
      for (const name of ["forwarded_ignored", "forwarded_malformed", "plain_http_refused"]) {
        assert.equal(metrics.get(`outcry_${name}_total`), 0, name);
      }
    });

    it("is not misled by headers that the client writes itself", async () => {
      const headers = { "X-Forwarded-For": "127.0.0.1, unknown", Forwarded: "for=127.0.0.1" };
      const answer = await fetchText(`${proxy.url}${POLLING}`, { headers, ca: certificates.root });
      assert.equal(answer.status, 200);
      assert.equal((await gateway.metrics()).get("outcry_forwarded_malformed_total"), 0);
    });
  });
}

describe("a client that comes to the proxy by plain HTTP", () => {
  let gateway, proxy;
  before(async () => {
    gateway = await Gateway.start({ config: { server: TRUSTING } });
    await gateway.untilReady();
  });
  afterEach(() => stopAll(proxy));
  after(() => stopAll(gateway));

  const spoofed = { "X-Forwarded-Proto": "https", "X-Forwarded-For": "127.0.0.1" };

  it("is refused behind nginx, whatever it claims", async () => {
    proxy = await Proxy.nginx(gateway, certificates, (text) => text.replace(" ssl;", ";"));
    const answer = await fetchText(`http://127.0.0.1:${proxy.port}${POLLING}`, { headers: spoofed });
    assert.equal(answer.status, 403);
    assert.match(answer.body, /use https:/);
    assert.equal((await gateway.metrics()).get("outcry_plain_http_refused_total"), 1);
  });

  it("is refused behind a proxy that doesn't say how it came", async () => {
    const silent = httpBlock()
      .replace(/^.*X-Forwarded-Proto.*\n/m, "")
      .replace(/ ssl crt .*/, "");
    proxy = await Proxy.haproxy(gateway, certificates, silent);
    const answer = await fetchText(`http://127.0.0.1:${proxy.port}${POLLING}`);
    assert.equal(answer.status, 403);
  });

  it("is served where plain HTTP is allowed", async () => {
    const open = await Gateway.start({ config: { server: { ...TRUSTING, plain_http: "allow" } } });
    try {
      await open.untilReady();
      proxy = await Proxy.nginx(open, certificates, (text) => text.replace(" ssl;", ";"));
      const answer = await fetchText(`http://127.0.0.1:${proxy.port}${POLLING}`);
      assert.equal(answer.status, 200);
    } finally {
      await open.stop();
    }
  });
});

describe("the PROXY protocol", () => {
  let gateway;
  before(async () => {
    const server = { ...WITH_HEADER, trusted_proxies: ["127.0.0.1"] }; // the test is the proxy
    gateway = await Gateway.start({ config: { server } });
    await gateway.untilReady();
  });
  after(() => stopAll(gateway));

  const request = `GET ${POLLING} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n`;

  it("is required: what begins otherwise ends without an answer, and is counted", async () => {
    const before = (await gateway.metrics()).get("outcry_proxy_headers_refused_total");
    assert.equal(await exchangeRaw(gateway.port, request), "");
    assert.equal(await exchangeRaw(gateway.port, "PROXY TCP4 999.0.0.1 1.1.1.1 1 1\r\n"), "");
    const now = (await gateway.metrics()).get("outcry_proxy_headers_refused_total");
    assert.equal(now - before, 2);
  });

  it("names a client that came by plain HTTP, which is refused", async () => {
    const line = "PROXY TCP4 192.0.2.7 198.51.100.1 56324 80\r\n";
    assert.equal(statusOf(await exchangeRaw(gateway.port, line + request)), 403);
  });

  it("serves the proxy's own connections, a health check for one", async () => {
    assert.equal(statusOf(await exchangeRaw(gateway.port, `PROXY UNKNOWN\r\n${request}`)), 200);
  });
});
