// Requests that a parser could misread, and requests without end. The answer of each row is the
// list of all statuses that the connection got before the server closed it: where a request could
// be read as two, there is still one answer.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe } from "node:test";
import { exchangeRaw, within } from "../support/wire.mjs";
import { Target, tellCount, withstand } from "./support/target.mjs";

const REQUEST_MS = 500;
let target, directory;

before(async () => {
  directory = mkdtempSync(path.join(tmpdir(), "outcry-abuse-"));
  const files = path.join(directory, "files");
  mkdirSync(files);
  writeFileSync(path.join(files, "index.html"), "<p>page");
  writeFileSync(path.join(directory, "secret.txt"), "not to be served");
  target = await Target.start({
    config: { server: { request_timeout_ms: REQUEST_MS, static_dir: files } },
  });
});
after(async () => {
  await target?.stop();
  rmSync(directory, { recursive: true, force: true });
});
tellCount("http");

const statusesOf = (answer) =>
  [...answer.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map(([, status]) => Number(status));

async function statuses({ port }, octets, options) {
  const bytes = typeof octets === "string" ? Buffer.from(octets, "latin1") : octets;
  const answer = await exchangeRaw(port, bytes, options);
  assert.ok(!answer.includes("not to be served"));
  return statusesOf(answer);
}

const operations = ({ gateway }, octets) => statuses({ port: gateway.operationsPort }, octets);

/** Sends `start`, then `piece` again and again, until the server has had enough. */
async function drip({ port }, start, piece) {
  const socket = net.connect(port, "127.0.0.1");
  let answer = "";
  socket.on("data", (chunk) => (answer += chunk.toString("latin1")));
  socket.on("error", () => {});
  socket.write(start);
  const timer = setInterval(() => piece && socket.write(piece), REQUEST_MS / 10);
  try {
    await within(new Promise((resolve) => socket.once("close", resolve)), "the end of the drip");
  } finally {
    clearInterval(timer);
    socket.destroy();
  }
  return statusesOf(answer);
}

// GET /nothing is answered 404, POST /nothing 405: neither is what a parser's error gets.
const get = (headers = "", target = "/nothing") =>
  `GET ${target} HTTP/1.1\r\nHost: x\r\n${headers}Connection: close\r\n\r\n`;
const post = (headers, body = "") =>
  `POST /nothing HTTP/1.1\r\nHost: x\r\n${headers}Connection: close\r\n\r\n${body}`;
const line = (text) => `${text}\r\nHost: x\r\nConnection: close\r\n\r\n`;
const smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
const chunked = "Transfer-Encoding: chunked\r\n";
const engine = "/socket.io/?EIO=4&transport=polling";

describe("request lines", () => {
  withstand(
    () => target,
    [
      ["no version", [400], line("GET /")],
      ["no target", [400], line("GET HTTP/1.1")],
      ["a version in lower case", [400], line("GET / http/1.1")],
      ["a version of one digit", [400], line("GET / HTTP/1")],
      ["a version of three digits", [400], line("GET / HTTP/1.10")],
      ["a version with something behind it", [400], line("GET / HTTP/1.1x")],
      ["HTTP/0.9", [505], line("GET / HTTP/0.9")],
      ["HTTP/1.2", [505], line("GET / HTTP/1.2")],
      ["HTTP/2's preface", [505], "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
      ["two spaces", [400], line("GET  / HTTP/1.1")],
      ["tabs for spaces", [400], line("GET\t/\tHTTP/1.1")],
      ["a space in front", [400], line(" GET / HTTP/1.1")],
      ["a space behind", [400], line("GET / HTTP/1.1 ")],
      ["a target with a space", [400], line("GET /a b HTTP/1.1")],
      ["a NUL in the method", [400], line("G\0T / HTTP/1.1")],
      ["a parenthesis in the method", [400], line("GET( / HTTP/1.1")],
      ["a NUL in the target", [400], line("GET /\0 HTTP/1.1")],
      ["an octet over 127 in the target", [400], line("GET /\xff HTTP/1.1")],
      ["DEL in the target", [400], line("GET /\x7f HTTP/1.1")],
      ["a fragment in the target", [400], line("GET /#a HTTP/1.1")],
      ["a target without a slash", [400], line("GET nothing HTTP/1.1")],
      ["* for GET", [400], line("GET * HTTP/1.1")],
      ["CONNECT with an authority", [400], line("CONNECT evil.example:443 HTTP/1.1")],
      ["an absolute target with a user", [400], line("GET http://u:p@x/ HTTP/1.1")],
      ["an absolute target of another scheme", [400], line("GET gopher://x/ HTTP/1.1")],
      ["an absolute target without a host", [400], line("GET http:///x HTTP/1.1")],
      ["two empty lines in front", [400], `\r\n\r\n${get()}`],
      ["a bare line feed in front", [400], `\n${get()}`],
      ["a target of 10,000 octets", [414], get("", `/${"a".repeat(10_000)}`)],
      ["a request line of 100,000 octets", [414], `GET /${"a".repeat(100_000)}`],
      ["a method of 100,000 octets", [414], `${"A".repeat(100_000)} / HTTP/1.1\r\n`],
      ["nothing but NULs", [400], `${"\0".repeat(100)}\r\n\r\n`],
      ["TLS", [400], `\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03${"\r\n".repeat(40)}`],
      ["SSH", [400], "SSH-2.0-OpenSSH_9.2\r\n\r\n"],
      ["Redis", [400], "*1\r\n$4\r\nPING\r\n"],
      ["a PROXY line where none is expected", [400], `PROXY TCP4 1.1.1.1 1.1.1.1 1 1\r\n${get()}`],
      ["TRACE", [405], line("TRACE /nothing HTTP/1.1")],
      ["an unknown method", [405], line("FROBNICATE /nothing HTTP/1.1")],
    ],
    statuses,
  );
});

describe("paths", () => {
  withstand(
    () => target,
    [
      ["up", [404], get("", "/../secret.txt")],
      ["up, encoded", [404], get("", "/%2e%2e/secret.txt")],
      ["up, slash encoded", [404], get("", "/..%2fsecret.txt")],
      ["up, encoded twice", [404], get("", "/%252e%252e/secret.txt")],
      ["up, by backslashes", [404], get("", "/..\\secret.txt")],
      ["up, UTF-8 longer than it needs", [404], get("", "/%c0%ae%c0%ae/secret.txt")],
      ["two slashes", [404], get("", "//etc/passwd")],
      ["a NUL, encoded", [404], get("", "/index.html%00.txt")],
      ["a percent sign without digits", [404], get("", "/%zz")],
      ["Engine.IO's path without its slash", [404], get("", "/socket.io?EIO=4&transport=polling")],
      ["Engine.IO's path in capitals", [404], get("", "/SOCKET.IO/?EIO=4&transport=polling")],
      ["publishing on the clients' port", [405], post("Content-Length: 2\r\n", "{}")],
      ["metrics on the clients' port", [404], get("", "/metrics")],
    ],
    statuses,
  );
});

describe("header lines", () => {
  const many = (count) => "A: b\r\n".repeat(count);
  withstand(
    () => target,
    [
      ["no Host", [400], "GET / HTTP/1.1\r\n\r\n"],
      ["two Hosts", [400], get("Host: y\r\n")],
      ["two equal Hosts", [400], get("Host: x\r\n")],
      ["a Host with a slash", [400], "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"],
      ["a Host with a space", [400], "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"],
      ["a Host with a comma", [400], "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n"],
      ["a Host with a user", [400], "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"],
      ["a Host beyond ASCII", [400], "GET / HTTP/1.1\r\nHost: \xe4\r\n\r\n"],
      ["a header folded with a space", [400], get("A: b\r\n c\r\n")],
      ["a header folded with a tab", [400], get("A: b\r\n\tc\r\n")],
      ["a first header that is folded", [400], "GET / HTTP/1.1\r\n Host: x\r\n\r\n"],
      ["a bare CR in a value", [400], get("A: b\rc\r\n")],
      ["a bare CR for a line's end", [400], get("A: b\rTransfer-Encoding: chunked\r\n")],
      ["a bare LF for a line's end", [400], get("A: b\n")],
      ["bare LFs everywhere", [400], "GET / HTTP/1.1\nHost: x\n\n"],
      ["a header after a bare LF", [400], get("A: b\nContent-Length: 5\r\n")],
      ["a NUL in a value", [400], get("A: \0\r\n")],
      ["a control character in a value", [400], get("A: \x01\r\n")],
      ["DEL in a value", [400], get("A: \x7f\r\n")],
      ["a space before the colon", [400], get("A : b\r\n")],
      ["a tab before the colon", [400], get("A\t: b\r\n")],
      ["an empty name", [400], get(": b\r\n")],
      ["a name with a space", [400], get("A b: c\r\n")],
      ["a name with a parenthesis", [400], get("A(: c\r\n")],
      ["a name beyond ASCII", [400], get("\xe4: c\r\n")],
      ["a line without a colon", [400], get("nonsense\r\n")],
      ["101 header lines", [431], get(many(101))],
      ["10,000 header lines", [431], get(many(10_000))],
      ["a header of 20,000 octets", [431], get(`A: ${"b".repeat(20_000)}\r\n`)],
      ["a header of 1,000,000 octets", [431], get(`A: ${"b".repeat(1_000_000)}\r\n`)],
      ["a name of 20,000 octets", [431], get(`${"a".repeat(20_000)}: b\r\n`)],
      ["two Origins", [400], get("Origin: http://a\r\nOrigin: http://b\r\n", engine)],
      ["two Authorizations", [400], get("Authorization: a\r\nAuthorization: b\r\n")],
      ["two User-Agents", [400], get("User-Agent: a\r\nUser-Agent: b\r\n")],
      ["two Content-Types", [400], get("Content-Type: a\r\nContent-Type: b\r\n")],
      ["50,000 commas in Connection", [431], get(`Connection: ${",".repeat(50_000)}\r\n`)],
      ["10,000 commas in Connection", [404], get(`Connection: ${",".repeat(10_000)}\r\n`)],
      [
        "10,000 spaces in Sec-WebSocket-Extensions",
        [404],
        get(`Sec-WebSocket-Extensions: a${" ".repeat(10_000)}\r\n`),
      ],
      ["an upgrade to h2c", [404], get("Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n")],
    ],
    statuses,
  );
});

describe("lengths and codings that disagree", () => {
  const length = (value) => post(`Content-Length: ${value}\r\n`, "hello");
  const coding = (value) => post(`Transfer-Encoding: ${value}\r\n`, `0\r\n\r\n${smuggled}`);
  withstand(
    () => target,
    [
      ["two lengths", [400], post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello!")],
      ["two equal lengths", [400], post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello")],
      ["a list of lengths", [400], length("5, 5")],
      ["a negative length", [400], length("-1")],
      ["a length with a plus", [400], length("+5")],
      ["a hexadecimal length", [400], length("0x5")],
      ["a length with an exponent", [400], length("5e0")],
      ["a length with a point", [400], length("5.0")],
      ["an empty length", [400], length("")],
      ["a length of two words", [400], length("5 5")],
      ["a length in quotes", [400], length('"5"')],
      ["a length of 2^64 + 5", [400], length("18446744073709551621")],
      ["a length of 2^63", [413], length("9223372036854775808")],
      ["a length of 2^64 - 1", [413], length("18446744073709551615")],
      ["a length of 40 digits", [400], length("9".repeat(40))],
      [
        "a length and a coding",
        [400],
        post(`Content-Length: 5\r\n${chunked}`, `0\r\n\r\n${smuggled}`),
      ],
      [
        "a coding and a length",
        [400],
        post(`${chunked}Content-Length: 5\r\n`, `0\r\n\r\n${smuggled}`),
      ],
      [
        "a coding and no length",
        [400],
        post(`${chunked}Content-Length: 0\r\n`, `0\r\n\r\n${smuggled}`),
      ],
      ["two codings", [501], post(chunked + chunked, `0\r\n\r\n${smuggled}`)],
      ["chunked twice", [501], coding("chunked, chunked")],
      ["chunked, then identity", [501], coding("chunked, identity")],
      ["identity", [501], coding("identity")],
      ["gzip", [501], coding("gzip")],
      ["gzip, then chunked", [501], coding("gzip, chunked")],
      ["xchunked", [501], coding("xchunked")],
      ["chunked with a parameter", [501], coding("chunked;a=b")],
      ["chunked in quotes", [501], coding('"chunked"')],
      ["chunked with a comma behind", [501], coding("chunked,")],
      ["chunked with a vertical tab before", [400], coding("\x0bchunked")],
      ["an empty coding", [501], coding("")],
      [
        "a space before the coding's colon",
        [400],
        post("Transfer-Encoding : chunked\r\n", smuggled),
      ],
      ["a coding on the next line", [400], post("Transfer-Encoding:\r\n chunked\r\n", smuggled)],
      ["a coding with an underscore", [405], post("Transfer_Encoding: chunked\r\n", smuggled)],
      ["a coding in HTTP/1.0", [400], `POST / HTTP/1.0\r\n${chunked}\r\n0\r\n\r\n${smuggled}`],
      [
        "a request in the body of a GET",
        [404],
        get(`Content-Length: ${smuggled.length}\r\n`) + smuggled,
      ],
      ["a request behind Connection: close", [404], get() + smuggled],
      ["a request behind a body", [405], post("Content-Length: 5\r\n", `hello${smuggled}`)],
      ["a body announced too big", [413], post("Content-Length: 2000000\r\n")],
      ["the same, with Expect", [413], post("Content-Length: 2000000\r\nExpect: 100-continue\r\n")],
      [
        "an expectation that nobody knows",
        [405],
        post("Content-Length: 0\r\nExpect: a miracle\r\n"),
      ],
      ["a request cut within its head", [], "GET / HTTP/1.1\r\nHo", { halfClose: true }],
      [
        "a request cut within its body",
        [],
        post("Content-Length: 9\r\n", "hello"),
        { halfClose: true },
      ],
    ],
    statuses,
  );
});

describe("chunks", () => {
  const body = (text) => post(chunked, text);
  const end = "0\r\n\r\n";
  withstand(
    () => target,
    [
      ["a size that is no number", [400], body(`x\r\nhello\r\n${end}`)],
      ["an empty size", [400], body(`\r\nhello\r\n${end}`)],
      ["a size with 0x", [400], body(`0x5\r\nhello\r\n${end}`)],
      ["a negative size", [400], body(`-5\r\nhello\r\n${end}`)],
      ["a size with a plus", [400], body(`+5\r\nhello\r\n${end}`)],
      ["a size with a space before", [400], body(` 5\r\nhello\r\n${end}`)],
      ["a size of 2^64", [413], body(`10000000000000000\r\nhello\r\n${end}`)],
      ["a size of 2^64 - 1", [413], body(`ffffffffffffffff\r\nhello\r\n${end}`)],
      ["a size of 1,000 zeros", [405], body(`${"0".repeat(1_000)}5\r\nhello\r\n${end}`)],
      ["a bare LF behind the size", [400], body(`5\nhello\r\n${end}`)],
      ["a bare CR behind the size", [400], body(`5\rhello\r\n${end}`)],
      ["data without an end", [400], body(`5\r\nhello${end}`)],
      ["data longer than said", [400], body(`5\r\nhello!\r\n${end}`)],
      ["a bare LF behind the data", [400], body(`5\r\nhello\n${end}`)],
      ["a line feed in an extension", [400], body(`5;a\nb\r\nhello\r\n${end}`)],
      ["a control character in an extension", [400], body(`5;a\x01\r\nhello\r\n${end}`)],
      [
        "an extension of 100,000 octets",
        [400],
        body(`5;${"a".repeat(100_000)}\r\nhello\r\n${end}`),
      ],
      ["a harmless extension", [405], body(`5;a="b"\r\nhello\r\n${end}`)],
      [
        "trailers that claim another length",
        [405],
        body(`5\r\nhello\r\n0\r\nContent-Length: 9\r\n\r\n`),
      ],
      ["a bare LF in the trailers", [400], body(`5\r\nhello\r\n0\r\nA: b\n\r\n`)],
      ["trailers without end", [400], body(`0\r\nA: ${"b".repeat(100_000)}\r\n\r\n`)],
      ["a request behind the last chunk", [405], body(`5\r\nhello\r\n${end}${smuggled}`)],
      [
        "chunks that add up to too much",
        [413],
        body("8000\r\n".concat("a".repeat(0x8000), "\r\n").repeat(3)),
      ],
      ["chunks that are cut", [], body("5\r\nhel"), { halfClose: true }],
    ],
    statuses,
  );
});

describe("requests without end", () => {
  const open = "POST /nothing HTTP/1.1\r\nHost: x\r\n";
  withstand(
    () => target,
    [
      ["a request line, octet by octet", [408], "G", "E"],
      ["header lines, one by one", [408], open, "A: b\r\n"],
      ["a body, octet by octet", [408], `${open}Content-Length: 1000\r\n\r\n`, "a"],
      ["chunks, one by one", [408], `${open}${chunked}\r\n`, "1\r\na\r\n"],
      ["an extension, octet by octet", [408], `${open}${chunked}\r\n1;`, "a"],
      ["a head that stops", [408], open, ""],
      ["a body that never begins", [408], `${open}Content-Length: 10\r\n\r\n`, ""],
    ],
    drip,
  );
  withstand(
    () => target,
    [
      [
        "200 requests at once",
        Array(200).fill(404),
        get().replace("Connection: close\r\n", "").repeat(199) + get(),
      ],
    ],
    statuses,
  );
});

describe("upgrades", () => {
  const upgrade = ({
    method = "GET",
    version = "13",
    key = "dGhlIHNhbXBsZSBub25jZQ==",
    http = "1.1",
    more = "",
  } = {}) =>
    `${method} /socket.io/?EIO=4&transport=websocket HTTP/${http}\r\nHost: x\r\n` +
    `Upgrade: websocket\r\nConnection: Upgrade\r\n${more}` +
    `Sec-WebSocket-Version: ${version}\r\nSec-WebSocket-Key: ${key}\r\n\r\n`;
  withstand(
    () => target,
    [
      ["version 12", [426], upgrade({ version: "12" })],
      ["version 13 twice", [400], upgrade({ more: "Sec-WebSocket-Version: 13\r\n" })],
      ["no key", [400], upgrade({ key: "" })],
      ["a short key", [400], upgrade({ key: "AAAA" })],
      ["a key that is no base64", [400], upgrade({ key: "!!!!!!!!!!!!!!!!!!!!!!==" })],
      ["two keys", [400], upgrade({ more: "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" })],
      ["by POST", [405], upgrade({ method: "POST", more: "Content-Length: 0\r\n" })],
      ["in HTTP/1.0", [400], upgrade({ http: "1.0" }), { halfClose: true }],
      [
        "an unknown session",
        [400],
        upgrade().replace("websocket HTTP", `websocket&sid=${"A".repeat(28)} HTTP`),
      ],
      [
        "a session id of 5,000 octets",
        [400],
        upgrade().replace("websocket HTTP", `websocket&sid=${"A".repeat(5_000)} HTTP`),
      ],
      ["Engine.IO 3", [400], upgrade().replace("EIO=4", "EIO=3")],
      ["no revision", [400], upgrade().replace("EIO=4&", "")],
      [
        "two transports",
        [400],
        upgrade().replace("transport=websocket", "transport=websocket&transport=polling"),
      ],
    ],
    statuses,
  );
});

describe("the operations port", () => {
  const publish = (headers, body = "") =>
    `POST /v1/publish HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n` +
    `${headers}Connection: close\r\n\r\n${body}`;
  withstand(
    () => target,
    [
      ["no key", [401], publish("Content-Length: 2\r\n", "{}")],
      ["an empty key", [403], publish("X-API-Key: \r\nContent-Length: 2\r\n", "{}")],
      ["two keys", [401], publish("X-API-Key: a\r\nX-API-Key: b\r\nContent-Length: 2\r\n", "{}")],
      [
        "a length and a coding",
        [400],
        publish(`Content-Length: 5\r\n${chunked}`, `0\r\n\r\n${smuggled}`),
      ],
      ["two lengths", [400], publish("Content-Length: 2\r\nContent-Length: 3\r\n", "{} ")],
      ["two Hosts", [400], publish("Host: y\r\nContent-Length: 2\r\n", "{}")],
      [
        "a folded header, which counts as a space",
        [401],
        publish("A: b\r\n c\r\nContent-Length: 2\r\n", "{}"),
      ],
      [
        "a header of 100,000 octets",
        [431],
        publish(`A: ${"b".repeat(100_000)}\r\nContent-Length: 2\r\n`),
      ],
    ],
    operations,
  );
});
