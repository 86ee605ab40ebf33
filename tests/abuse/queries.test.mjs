// Tokens in query strings that are written oddly, over polling and over WebSocket, and on paths
// that take none. The answer of each row is the code of the refusal or "accepted"; for paths the
// status.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { tokenOf } from "../support/gateway.mjs";
import { Session } from "../support/engine_client.mjs";
import { exchangeRaw, statusOf } from "../support/wire.mjs";
import { ENGINE_PATH, RawSocket, textFrame } from "./support/raw_socket.mjs";
import { Target, tellCount, withstand } from "./support/target.mjs";

let target;
const token = tokenOf("mallory");
before(async () => (target = await Target.start()));
after(() => target?.stop());
tellCount("queries");

const escaped = (text) =>
  [...Buffer.from(text)].map((octet) => `%${octet.toString(16).padStart(2, "0")}`).join("");
const MISSING = "token_missing";
const INVALID = "token_invalid";

/** The code of a CONNECT's answer packet. */
const codeOf = (packet) =>
  packet.startsWith("44") ? JSON.parse(packet.slice(2)).data.code : "accepted";

const ROWS = [
  ["as it is", "accepted", `token=${token}`],
  ["each octet escaped", "accepted", `token=${escaped(token)}`],
  ["each octet escaped, in capitals", "accepted", `token=${escaped(token).toUpperCase()}`],
  ["the name escaped", "accepted", `%74%6f%6b%65%6e=${token}`],
  ["behind empty parameters", "accepted", `&&&=&x&token=${token}&&`],
  [
    "after 500 others, of which so many are not read",
    MISSING,
    `${"a=b&".repeat(500)}token=${token}`,
  ],
  ["escaped twice", INVALID, `token=${escaped(escaped(token))}`],
  ["its dots escaped twice", INVALID, `token=${token.replaceAll(".", "%252e")}`],
  ["a plus before it", INVALID, `token=+${token}`],
  ["a space escaped before it", INVALID, `token=%20${token}`],
  ["a NUL escaped behind it", INVALID, `token=${token}%00`],
  ["a line end escaped behind it", INVALID, `token=${token}%0d%0aX-Forged:%201`],
  ["a dot of two octets", INVALID, `token=${token.replace(".", "%c0%ae")}`],
  ["a wide dot", INVALID, `token=${token.replace(".", "%ef%bc%8e")}`],
  ["half an escape behind it", INVALID, `token=${token}%2`],
  ["an escape of no digits in it", INVALID, `token=${token.replace(".", "%zz")}`],
  ["a semicolon before the next", INVALID, `token=${token};x=1`],
  ["in quotes", INVALID, `token=%22${token}%22`],
  ["as JSON", INVALID, `token=%7B%22token%22%3A%22${token}%22%7D`],
  ["a bad one before it", INVALID, `token=x&token=${token}`],
  ["an equals sign before it", INVALID, `token==${token}`],
  ["another token appended", INVALID, `token=${token},${token}`],
  ["in an array", MISSING, `token[]=${token}`],
  ["in an object", MISSING, `auth[token]=${token}`],
  ["the name in capitals", MISSING, `TOKEN=${token}`],
  ["a space escaped in the name", MISSING, `token%20=${token}`],
  ["a NUL escaped in the name", MISSING, `token%00=${token}`],
  ["a byte-order mark before the name", MISSING, `%ef%bb%bftoken=${token}`],
  ["behind a semicolon", MISSING, `x=1;token=${token}`],
  ["behind a second question mark", MISSING, `x=1?token=${token}`],
  ["without an equals sign", MISSING, `token${token}`],
  ["a name alone", MISSING, "token"],
  ["an empty one before it", MISSING, `token=&token=${token}`],
];

describe("over WebSocket", () => {
  withstand(
    () => target,
    ROWS,
    async ({ port }, query) => {
      const socket = await RawSocket.open(port, { path: `${ENGINE_PATH}&${query}` });
      try {
        await socket.next();
        socket.send(textFrame("40"));
        return codeOf(await socket.next("the answer to CONNECT"));
      } finally {
        socket.drop();
      }
    },
  );
});

describe("over polling", () => {
  const get = async (port, path) => {
    const request = `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
    const answer = await exchangeRaw(port, request);
    return { status: statusOf(answer), body: answer.slice(answer.indexOf("\r\n\r\n") + 4) };
  };
  withstand(
    () => target,
    ROWS,
    async ({ gateway, port }, query) => {
      const opened = await get(port, `/socket.io/?EIO=4&transport=polling&${query}`);
      assert.equal(opened.status, 200, opened.body);
      const { sid } = JSON.parse(opened.body.slice(1));
      const session = new Session({ http: gateway.url }, "/socket.io/", sid);
      await session.send("40");
      return codeOf(await session.receive());
    },
  );

  // What can't stand in a request's target, escaped or not (RFC 9112 §3.2), and other paths.
  withstand(
    () => target,
    [
      ["a space", 400, `/socket.io/?EIO=4&transport=polling&token=${token} x`],
      ["a raw NUL", 400, `/socket.io/?EIO=4&transport=polling&token=${token}\0`],
      ["a raw line feed", 400, `/socket.io/?EIO=4&transport=polling&token=\n${token}`],
      ["a fragment", 400, `/socket.io/?EIO=4&transport=polling#token=${token}`],
      ["17,000 octets", 414, `/socket.io/?EIO=4&transport=polling&token=${"a".repeat(17_000)}`],
      ["a path of another name", 404, `/metrics?token=${token}`],
      ["the operations' paths", 404, `/v1/publish?token=${token}&api_key=x`],
      ["no transport", 400, `/socket.io/?EIO=4&token=${token}`],
      ["a session that is a token", 400, `/socket.io/?EIO=4&transport=polling&sid=${token}`],
      ["an escaped path", 404, `/%73ocket.io/?EIO=4&transport=polling&token=${token}`],
      ["a path with dots", 404, `/x/../socket.io/?EIO=4&transport=polling&token=${token}`],
    ],
    async ({ port }, path) => (await get(port, path)).status,
  );
});

describe("the log", () => {
  it("has no token of these queries, written in whatever way", () => {
    const { output } = target.gateway.program;
    const signature = token.split(".")[2];
    for (const text of [token, signature, escaped(signature), escaped(signature).toUpperCase()]) {
      assert.ok(!output.includes(text));
    }
  });
});
