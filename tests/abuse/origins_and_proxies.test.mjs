// Pages of other origins, and clients and proxies that say who they are. The answers: statuses, and
// what a counter of the gateway tells of it.

import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { Line } from "../support/line.mjs";
import { ORIGIN } from "../support/gateway.mjs";
import { eventually } from "../support/process.mjs";
import { exchangeRaw, statusOf } from "../support/wire.mjs";
import { Target, tellCount, withstand } from "./support/target.mjs";

tellCount("origins_and_proxies");

const POLLING = "/socket.io/?EIO=4&transport=polling";
const request = (headers, target = POLLING) =>
  `GET ${target} HTTP/1.1\r\nHost: gateway.example\r\n${headers}Connection: close\r\n\r\n`;
const upgrade = (headers) =>
  "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: gateway.example\r\n" +
  `Upgrade: websocket\r\nConnection: Upgrade\r\n${headers}Sec-WebSocket-Version: 13\r\n` +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

const latin1 = (text) => Buffer.from(text, "latin1");

describe("origins", () => {
  let target;
  before(async () => {
    target = await Target.start();
  });
  after(() => target?.stop());

  /** The statuses over polling and over an upgrade; no answer may let the page read it. */
  async function statuses({ port }, origin) {
    const line = latin1(`Origin: ${origin}\r\n`).toString("latin1");
    const answers = [];
    for (const octets of [request(line), upgrade(line)]) {
      const answer = await exchangeRaw(port, latin1(octets));
      assert.doesNotMatch(answer, /Access-Control-Allow-Origin/i);
      answers.push(statusOf(answer));
    }
    return answers;
  }
  const refused = [403, 400];
  withstand(
    () => target,
    [
      ["another site", refused, "https://evil.example"],
      ["the allowed one as a beginning", refused, `${ORIGIN}.evil.example`],
      ["the allowed one as an end", refused, `https://evil.example?${ORIGIN}`],
      ["the allowed one as a user", refused, `${ORIGIN}@evil.example`],
      ["the allowed one as a path", refused, `https://evil.example/${ORIGIN}`],
      ["a sister domain", refused, "https://evil.example.com"],
      ["a deeper domain", refused, "https://x.app.example.com"],
      ["a domain with one letter more", refused, "https://aapp.example.com"],
      ["without encryption", refused, "http://app.example.com"],
      ["the default port, written", refused, `${ORIGIN}:443`],
      ["another port", refused, `${ORIGIN}:8443`],
      ["a slash behind", refused, `${ORIGIN}/`],
      ["a dot behind", refused, `${ORIGIN}.`],
      ["capital letters", refused, ORIGIN.toUpperCase()],
      ["null", refused, "null"],
      ["undefined", refused, "undefined"],
      ["a star", refused, "*"],
      ["a list", refused, `${ORIGIN}, https://evil.example`],
      ["two words", refused, `${ORIGIN} https://evil.example`],
      ["another scheme", refused, "wss://app.example.com"],
      ["a file", refused, "file://"],
      ["an extension", refused, "chrome-extension://abcdefgh"],
      ["data", refused, "data:text/html,x"],
      ["letters beyond ASCII that look alike", refused, "https://\u0430pp.example.com"],
      ["octets beyond ASCII", refused, "https://app.example.com\xff"],
      ["a percent sign", refused, "https://app%2eexample.com"],
      ["a backslash", refused, "https://evil.example\\app.example.com"],
      ["a tab within", refused, "https://app.\texample.com"],
      ["the host that was asked, another port", refused, "http://gateway.example:81"],
      ["10,000 octets", refused, `https://${"a".repeat(10_000)}`],
      ["a CR within", [400, 400], `${ORIGIN}\rX: y`],
      ["a NUL behind", [400, 400], `${ORIGIN}\0`],
      ["two of them", [400, 400], `${ORIGIN}\r\nOrigin: https://evil.example`],
    ],
    statuses,
  );

  withstand(
    () => target,
    [
      ["a preflight of another site", 403, "Origin: https://evil.example\r\n"],
      ["a preflight of null", 403, "Origin: null\r\n"],
      [
        "a preflight that asks for a header with a line feed",
        400,
        `Origin: ${ORIGIN}\r\nAccess-Control-Request-Headers: a\nX: y\r\n`,
      ],
    ],
    async ({ port }, headers) => {
      const answer = await exchangeRaw(port, request(headers).replace("GET", "OPTIONS"));
      assert.doesNotMatch(answer, /Access-Control-Allow/i);
      return statusOf(answer);
    },
  );
});

describe("forwarded addresses from one who isn't a trusted proxy", () => {
  const LIMIT = 5;
  let target;
  before(async () => {
    // The canary has one socket of this address, so four more fit.
    const limits = { exempt_addresses: [], address_sockets_max: LIMIT };
    target = await Target.start({ config: { limits } });
  });
  after(() => target?.stop());

  /** Connects until it is refused, each time with the next of `headers`; how many got in? */
  async function connectsOf(attacked, headersOf) {
    const sockets = [];
    let connected = 0;
    for (let number = 0; number < LIMIT + 2; number += 1) {
      const socket = await attacked
        .connected(`spoof-${number}`, { headers: headersOf(number) })
        .catch(() => undefined);
      if (socket) sockets.push(socket);
      connected += socket ? 1 : 0;
    }
    for (const socket of sockets) socket.drop();
    await Promise.all(sockets.map((socket) => socket.closed));
    return connected;
  }
  const names = [
    "X-Forwarded-For",
    "X-Real-IP",
    "Forwarded",
    "CF-Connecting-IP",
    "True-Client-IP",
    "X-Client-IP",
    "X-Cluster-Client-IP",
    "Fastly-Client-IP",
    "X-Forwarded",
  ];
  withstand(
    () => target,
    names.map((name) => [
      `a new ${name} for each connection`,
      LIMIT - 1,
      (number) => ({ [name]: `${name === "Forwarded" ? "for=" : ""}192.0.2.${number}` }),
    ]),
    async (attacked, headersOf) => {
      const connected = await connectsOf(attacked, headersOf);
      await eventually("the address is free again", async () => {
        const sockets = [...(await attacked.gateway.metrics())]
          .filter(([name]) => name.startsWith("outcry_sockets{"))
          .reduce((sum, [, value]) => sum + value, 0);
        return sockets === 1;
      });
      return connected;
    },
  );
});

describe("a trusted proxy that says nonsense", () => {
  let target;
  before(async () => {
    const server = { trusted_proxies: ["127.0.0.1"] };
    target = await Target.start({ config: { server } });
  });
  after(() => target?.stop());

  const PROTO = "X-Forwarded-Proto: https\r\n";
  /** [status, was X-Forwarded-For found malformed?] */
  async function judge({ port, gateway }, headers) {
    const name = "outcry_forwarded_malformed_total";
    const earlier = (await gateway.metrics()).get(name);
    const status = statusOf(await exchangeRaw(port, latin1(request(headers))));
    return [status, (await gateway.metrics()).get(name) > earlier];
  }
  const forwardedFor = (value) => `X-Forwarded-For: ${value}\r\n${PROTO}`;
  withstand(
    () => target,
    [
      ["a name", [200, true], forwardedFor("evil.example")],
      ["a number", [200, true], forwardedFor("2130706433")],
      ["a hexadecimal address", [200, true], forwardedFor("0x7f.0.0.1")],
      ["an octal address", [200, true], forwardedFor("0177.0.0.1")],
      ["a short address", [200, true], forwardedFor("127.1")],
      ["a part over 255", [200, true], forwardedFor("1.1.1.256")],
      ["five parts", [200, true], forwardedFor("1.1.1.1.1")],
      ["a range", [200, true], forwardedFor("10.0.0.0/8")],
      ["a list with an empty element at its end", [200, true], forwardedFor("1.1.1.1,")],
      ["commas", [200, true], forwardedFor(",,,")],
      ["IPv6 with a zone", [200, true], forwardedFor("fe80::1%eth0")],
      ["IPv6 with two ellipses", [200, true], forwardedFor("1::2::3")],
      ["a bracket that doesn't close", [200, true], forwardedFor("[::1")],
      ["something behind a bracket", [200, true], forwardedFor("[::1]x")],
      ["SQL", [200, true], forwardedFor("1.1.1.1' OR 1=1")],
      ["a script", [200, true], forwardedFor("<script>")],
      ["2,000 addresses", [200, false], forwardedFor(Array(2_000).fill("8.8.8.8").join(","))],
      ["1,500 proxies", [200, false], forwardedFor(Array(1_500).fill("127.0.0.1").join(","))],
      ["a NUL", [400, false], forwardedFor("1.1.1.1\0")],
      [
        "plain HTTP on one leg",
        [403, false],
        "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-Proto: https, http\r\n",
      ],
      [
        "a scheme that nobody knows",
        [403, false],
        "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-Proto: gopher\r\n",
      ],
      [
        "a scheme in quotes",
        [403, false],
        'X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-Proto: "https"\r\n',
      ],
      ["no scheme", [403, false], "X-Forwarded-For: 1.1.1.1\r\n"],
      ["2,000 schemes", [403, false], `X-Forwarded-Proto: ${"https,".repeat(2_000)}http\r\n`],
    ],
    judge,
  );
});

describe("the PROXY protocol", () => {
  let target;
  before(async () => {
    const server = {
      trusted_proxies: ["127.0.0.1"],
      proxy_protocol: "required",
      request_timeout_ms: 500,
      keep_alive_timeout_ms: 500,
    };
    target = await Target.start({
      config: { server },
      line: ({ port }) => Line.to(port, { preface: "PROXY UNKNOWN\r\n" }),
    });
  });
  after(() => target?.stop());

  const SIGNATURE = Buffer.from("0d0a0d0a000d0a515549540a", "hex");
  /** A header of version 2; `length`, if it isn't the truth. */
  const v2 = ({ version = 0x21, family = 0x11, payload = "", length } = {}) => {
    const body = Buffer.from(payload, "hex");
    const head = Buffer.from([version, family, 0, 0]);
    head.writeUInt16BE(length ?? body.length, 2);
    return Buffer.concat([SIGNATURE, head, body]);
  };
  const addresses = "c0000207" + "c6336401" + "dc0401bb";
  const good = "PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n";
  const nothing = 0; // closed without an answer
  withstand(
    () => target,
    [
      ["none", nothing, ""],
      ["in lower case", nothing, "proxy TCP4 192.0.2.7 198.51.100.1 56324 443\r\n"],
      ["of no family", nothing, "PROXY  192.0.2.7 198.51.100.1 56324 443\r\n"],
      ["of another family", nothing, "PROXY UDP4 192.0.2.7 198.51.100.1 56324 443\r\n"],
      ["TCP4 with IPv6", nothing, "PROXY TCP4 2001:db8::7 2001:db8::1 56324 443\r\n"],
      ["TCP6 with IPv4", nothing, "PROXY TCP6 192.0.2.7 198.51.100.1 56324 443\r\n"],
      ["with a name", nothing, "PROXY TCP4 evil.example 198.51.100.1 56324 443\r\n"],
      ["with a part over 255", nothing, "PROXY TCP4 192.0.2.256 198.51.100.1 56324 443\r\n"],
      ["with a zero in front", nothing, "PROXY TCP4 192.0.2.07 198.51.100.1 56324 443\r\n"],
      ["with a port over 65535", nothing, "PROXY TCP4 192.0.2.7 198.51.100.1 65536 443\r\n"],
      ["with a negative port", nothing, "PROXY TCP4 192.0.2.7 198.51.100.1 -1 443\r\n"],
      ["with a port in hexadecimal", nothing, "PROXY TCP4 192.0.2.7 198.51.100.1 0x1 443\r\n"],
      ["without ports", nothing, "PROXY TCP4 192.0.2.7 198.51.100.1\r\n"],
      ["with two spaces", nothing, "PROXY TCP4  192.0.2.7 198.51.100.1 56324 443\r\n"],
      ["with tabs", nothing, "PROXY\tTCP4\t192.0.2.7\t198.51.100.1\t56324\t443\r\n"],
      ["with a word too many", nothing, "PROXY TCP4 192.0.2.7 198.51.100.1 56324 443 x\r\n"],
      ["with a bare line feed", nothing, "PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\n"],
      ["with a NUL", nothing, "PROXY TCP4 192.0.2.7\0 198.51.100.1 56324 443\r\n"],
      ["of 200 octets", nothing, `PROXY UNKNOWN ${"x".repeat(200)}\r\n`],
      ["that never ends", nothing, "PROXY TCP4 192.0.2.7"],
      ["twice", 400, "PROXY UNKNOWN\r\nPROXY UNKNOWN\r\n"],
      [
        "version 2 behind version 1",
        400,
        Buffer.concat([latin1("PROXY UNKNOWN\r\n"), v2({ version: 0x20 })]),
      ],
      ["a client by plain HTTP", 403, good],
      ["version 2, of version 1", nothing, v2({ version: 0x11, payload: addresses })],
      ["version 2, of version 3", nothing, v2({ version: 0x31, payload: addresses })],
      ["version 2, of an unknown command", nothing, v2({ version: 0x22, payload: addresses })],
      ["version 2, of an unknown family", nothing, v2({ family: 0x41, payload: addresses })],
      ["version 2, of datagrams", nothing, v2({ family: 0x12, payload: addresses })],
      ["version 2, too short for its family", nothing, v2({ payload: addresses.slice(2) })],
      ["version 2, IPv6 with IPv4's length", nothing, v2({ family: 0x21, payload: addresses })],
      ["version 2, longer than it may be", nothing, v2({ length: 65_535 })],
      ["version 2, longer than it is", nothing, v2({ payload: addresses, length: 4_000 })],
      ["version 2, an extension beyond its end", nothing, v2({ payload: `${addresses}20ffff` })],
      ["version 2, a cut extension", nothing, v2({ payload: `${addresses}2000` })],
      ["version 2, a TLS extension of one octet", nothing, v2({ payload: `${addresses}20000101` })],
      [
        "version 2, two TLS extensions",
        nothing,
        v2({ payload: addresses + "2000050100000000".repeat(2) }),
      ],
      ["version 2, a wrong checksum", nothing, v2({ payload: `${addresses}030004deadbeef` })],
      ["version 2, its signature cut", nothing, SIGNATURE.subarray(0, 11)],
      [
        "version 2, its signature changed",
        nothing,
        Buffer.concat([SIGNATURE.subarray(0, 11), latin1("X")]),
      ],
      ["HTTP/2's preface", nothing, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
      ["TLS", nothing, Buffer.from("1603010200010001fc0303", "hex")],
    ],
    async ({ port }, header) => {
      const octets = Buffer.concat([
        typeof header === "string" ? latin1(header) : header,
        latin1(request("X-Forwarded-Proto: https\r\n")),
      ]);
      return statusOf(await exchangeRaw(port, octets));
    },
  );
});
