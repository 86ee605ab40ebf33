// Forged, mangled and misused tokens. The answer of each row is the code of the refusal, or
// "accepted" where a token is odd and yet as good as any.

import assert from "node:assert/strict";
import {
  constants,
  createHmac,
  createSign,
  generateKeyPairSync,
  publicEncrypt,
  randomBytes,
  sign as signWith,
} from "node:crypto";
import { after, before, describe, it } from "node:test";
import { SECRET } from "../support/gateway.mjs";
import { ENGINE_PATH, RawSocket, textFrame } from "./support/raw_socket.mjs";
import { Target, tellCount, withstand } from "./support/target.mjs";

const ISSUER = "https://issuer.example";
const AUDIENCE = "outcry";
const HOUR = 3600;
const now = () => Math.floor(Date.now() / 1000);
const seen = [];

let target;
before(async () => {
  target = await Target.start({
    config: { auth: { issuer: ISSUER, audience: AUDIENCE } },
    claims: { iss: ISSUER, aud: AUDIENCE },
  });
});
after(() => target?.stop());
tellCount("tokens");

const base64url = (text) => Buffer.from(text, "latin1").toString("base64url");
const json = (value) => (typeof value === "string" ? value : JSON.stringify(value));
const hs256 = (input, secret) => createHmac("sha256", secret).update(input).digest("base64url");

const good = (more = {}) => ({
  user_id: "mallory",
  iat: now(),
  exp: now() + HOUR,
  iss: ISSUER,
  aud: AUDIENCE,
  ...more,
});

/** A token of this header and payload, objects or texts, signed with `secret`. */
function signed(payload, header = {}, secret = SECRET) {
  const head = typeof header === "string" ? header : json({ alg: "HS256", typ: "JWT", ...header });
  const input = `${base64url(head)}.${base64url(json(payload))}`;
  return `${input}.${hs256(input, secret)}`;
}

/** The code of the answer to a CONNECT with this payload. */
async function codeOfConnect({ port }, payload, options) {
  const socket = await RawSocket.open(port, options);
  try {
    await socket.next();
    socket.send(textFrame(`40${payload}`));
    const answer = await socket.next("the answer to CONNECT");
    return answer.startsWith("44") ? JSON.parse(answer.slice(2)).data.code : "accepted";
  } finally {
    socket.drop();
  }
}

/** `token` may be a function, for times that begin when the test does. */
function codeOf(attacked, token) {
  const text = typeof token === "function" ? token() : token;
  if (typeof text === "string" && text.length > 20) seen.push(text);
  return codeOfConnect(attacked, JSON.stringify({ token: text }));
}

const INVALID = "token_invalid";

describe("algorithms", () => {
  const unsigned = (alg) => () => {
    const input = `${base64url(json({ alg, typ: "JWT" }))}.${base64url(json(good()))}`;
    return `${input}.`;
  };
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const ed = generateKeyPairSync("ed25519");
  const publicPem = rsa.publicKey.export({ type: "spki", format: "pem" });
  const publicDer = rsa.publicKey.export({ type: "spki", format: "der" });
  const input = (header) => `${base64url(json(header))}.${base64url(json(good()))}`;
  const byRsa = (alg, digest, padding) => () => {
    const text = input({ alg, typ: "JWT" });
    const key = { key: rsa.privateKey, padding, saltLength: 32 };
    return `${text}.${createSign(digest).update(text).sign(key).toString("base64url")}`;
  };
  const byEc = () => {
    const text = input({ alg: "ES256", typ: "JWT" });
    const key = { key: ec.privateKey, dsaEncoding: "ieee-p1363" };
    return `${text}.${signWith("sha256", Buffer.from(text), key).toString("base64url")}`;
  };
  const byEd = () => {
    const text = input({ alg: "EdDSA", typ: "JWT" });
    return `${text}.${signWith(null, Buffer.from(text), ed.privateKey).toString("base64url")}`;
  };
  const zeros = (alg, bytes) => () =>
    `${input({ alg, typ: "JWT" })}.${Buffer.alloc(bytes).toString("base64url")}`;
  withstand(
    () => target,
    [
      ["a good token", "accepted", () => signed(good())],
      ...["none", "None", "NONE", "nOnE", "none ", " none", "", "null", "nоne"].flatMap((alg) => [
        [`alg ${JSON.stringify(alg)}, unsigned`, INVALID, unsigned(alg)],
        [`alg ${JSON.stringify(alg)}, signed`, INVALID, () => signed(good(), { alg })],
      ]),
      ["alg null", INVALID, () => signed(good(), { alg: null })],
      ["alg true", INVALID, () => signed(good(), { alg: true })],
      ["alg 0", INVALID, () => signed(good(), { alg: 0 })],
      ["alg in an array", INVALID, () => signed(good(), { alg: ["HS256"] })],
      ["alg in an object", INVALID, () => signed(good(), { alg: { HS256: 1 } })],
      ["no alg", INVALID, () => signed(good(), { alg: undefined })],
      ["alg hs256", INVALID, () => signed(good(), { alg: "hs256" })],
      ["alg HS256 with a NUL", INVALID, () => signed(good(), { alg: "HS256\0" })],
      ["alg twice", INVALID, () => signed(good(), '{"alg":"none","alg":"HS256"}')],
      [
        "alg twice, in escapes",
        INVALID,
        () => signed(good(), '{"alg":"HS256","\\u0061lg":"none"}'),
      ],
      ["alg HS384", INVALID, () => signed(good(), { alg: "HS384" })],
      ["alg HS512", INVALID, () => signed(good(), { alg: "HS512" })],
      ["HS1", INVALID, () => signed(good(), { alg: "HS1" })],
      ["a public key, PEM, as the secret", INVALID, () => signed(good(), {}, publicPem)],
      ["a public key, DER, as the secret", INVALID, () => signed(good(), {}, publicDer)],
      [
        "a public key, PEM without its end, as the secret",
        INVALID,
        () => signed(good(), {}, publicPem.trim()),
      ],
      [
        "RS256 with a key of the sender's",
        INVALID,
        byRsa("RS256", "sha256", constants.RSA_PKCS1_PADDING),
      ],
      [
        "PS256 with a key of the sender's",
        INVALID,
        byRsa("PS256", "sha256", constants.RSA_PKCS1_PSS_PADDING),
      ],
      ["ES256 with a key of the sender's", INVALID, byEc],
      ["EdDSA with a key of the sender's", INVALID, byEd],
      ["ES256 with a signature of zeros", INVALID, zeros("ES256", 64)],
      ["ES384 with a signature of zeros", INVALID, zeros("ES384", 96)],
      ["EdDSA with a signature of zeros", INVALID, zeros("EdDSA", 64)],
      ["RS256 with a signature of zeros", INVALID, zeros("RS256", 256)],
      ["HS256 with a signature of zeros", INVALID, zeros("HS256", 32)],
    ],
    codeOf,
  );
});

describe("secrets and signatures", () => {
  const cut = (text, at) => text.slice(0, at);
  const changeLast = (token) => {
    const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    return cut(token, -1) + digits[digits.indexOf(token.at(-1)) ^ 1]; // a bit beyond the last octet
  };
  withstand(
    () => target,
    [
      ["an empty secret", INVALID, () => signed(good(), {}, "")],
      ["another secret", INVALID, () => signed(good(), {}, randomBytes(48))],
      ["the secret, its line end counted", INVALID, () => signed(good(), {}, `${SECRET}\n`)],
      ["the secret, decoded", INVALID, () => signed(good(), {}, Buffer.from(SECRET, "base64"))],
      ["no signature", INVALID, () => signed(good()).replace(/[^.]*$/, "")],
      ["no signature and no dot", INVALID, () => signed(good()).replace(/\.[^.]*$/, "")],
      ["half of the signature", INVALID, () => cut(signed(good()), -22)],
      ["the signature twice", INVALID, () => signed(good()) + signed(good()).split(".")[2]],
      [
        "another token's signature",
        INVALID,
        () => signed(good()).replace(/[^.]*$/, signed(good({ user_id: "x" })).split(".")[2]),
      ],
      [
        "another token's payload",
        INVALID,
        () =>
          signed(good()).replace(/\.[^.]*\./, `.${base64url(json(good({ user_id: "admin" })))}.`),
      ],
      [
        "another token's header",
        INVALID,
        () => signed(good()).replace(/^[^.]*/, base64url('{"alg":"HS256"}')),
      ],
      ["parts exchanged", INVALID, () => signed(good()).split(".").reverse().join(".")],
      ["a bit behind the signature's end", INVALID, () => changeLast(signed(good()))],
      ["padding", INVALID, () => `${signed(good())}=`],
      [
        "base64 that is not for URLs",
        INVALID,
        () => signed(good()).replace(/[^.]*$/, (text) => `+/${text.slice(2)}`),
      ],
      ["a space behind", INVALID, () => `${signed(good())} `],
      ["a space before", INVALID, () => ` ${signed(good())}`],
      ["a line feed behind", INVALID, () => `${signed(good())}\n`],
      ["a NUL behind", INVALID, () => `${signed(good())}\0`],
      ["a NUL within", INVALID, () => signed(good()).replace(".", "\0.")],
      ["a fourth part", INVALID, () => `${signed(good())}.`],
      ["a fourth part that says something", INVALID, () => `${signed(good())}.e30`],
      [
        "a JWE of five parts",
        INVALID,
        () => `${base64url('{"alg":"RSA-OAEP","enc":"A256GCM"}')}.e30.e30.e30.e30`,
      ],
      [
        "a JWE that would be dir",
        INVALID,
        () => `${base64url('{"alg":"dir","enc":"A256GCM"}')}..e30.e30.e30`,
      ],
      [
        "JSON serialization",
        INVALID,
        () => json({ payload: base64url(json(good())), signatures: [] }),
      ],
      ["two empty parts", INVALID, "."],
      ["three empty parts", INVALID, ".."],
      ["a thousand dots", INVALID, ".".repeat(1_000)],
      ["text", INVALID, "let me in"],
      ["9,000 octets", INVALID, "a".repeat(9_000)],
      ["9,000 octets, signed", INVALID, () => signed(good({ more: "x".repeat(9_000) }))],
      [
        "an encrypted secret",
        INVALID,
        () =>
          publicEncrypt(
            generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey,
            Buffer.from("x"),
          ).toString("base64url"),
      ],
    ],
    codeOf,
  );
});

describe("headers that name keys, and more", () => {
  const forged = (header) => () => signed(good(), header, "0123456789abcdef0123456789abcdef");
  const own = { kty: "oct", k: base64url("0123456789abcdef0123456789abcdef"), alg: "HS256" };
  withstand(
    () => target,
    [
      ["a key in the header", INVALID, forged({ jwk: own })],
      ["the address of a key set", INVALID, forged({ jku: "https://evil.example/keys" })],
      [
        "the address of a key set on this machine",
        INVALID,
        forged({ jku: "http://127.0.0.1:1/keys" }),
      ],
      ["the address of a certificate", INVALID, forged({ x5u: "https://evil.example/cert" })],
      ["a certificate", INVALID, forged({ x5c: ["MIIB"] })],
      ["a kid that is a path", INVALID, forged({ kid: "../../../../dev/null" })],
      ["a kid that is a file's URL", INVALID, forged({ kid: "file:///dev/null" })],
      ["a kid with SQL", INVALID, forged({ kid: "x' UNION SELECT 'key' --" })],
      ["a kid with a command", INVALID, forged({ kid: "|touch /tmp/x" })],
      ["a kid with a NUL", INVALID, forged({ kid: "key\0" })],
      ["an empty kid", INVALID, forged({ kid: "" })],
      ["a kid of 4,000 octets", INVALID, forged({ kid: "k".repeat(4_000) })],
      ["a kid that is a number", INVALID, () => signed(good(), { kid: 1 })],
      ["a kid that is an object", INVALID, () => signed(good(), { kid: {} })],
      ["a kid that is null", INVALID, () => signed(good(), { kid: null })],
      ["a critical extension", INVALID, () => signed(good(), { crit: ["exp"] })],
      ["an empty list of critical extensions", INVALID, () => signed(good(), { crit: [] })],
      ["critical: null", INVALID, () => signed(good(), { crit: null })],
      ["an unencoded payload", INVALID, () => signed(good(), { b64: false, crit: ["b64"] })],
      ["a header that is an array", INVALID, () => signed(good(), '["HS256"]')],
      ["a header that is a text", INVALID, () => signed(good(), '"HS256"')],
      ["an empty header", INVALID, () => signed(good(), "")],
      ["a header with something behind", INVALID, () => signed(good(), '{"alg":"HS256"}x')],
      ["a header that is no UTF-8", INVALID, () => signed(good(), '{"alg":"HS256","a":"\xff"}')],
      [
        "a header of 1,000 levels",
        INVALID,
        () => signed(good(), `{"alg":"HS256","a":${"[".repeat(1_000)}${"]".repeat(1_000)}}`),
      ],
      [
        "addresses in a header that is signed",
        "accepted",
        () => signed(good(), { jku: "https://evil.example/keys" }),
      ],
    ],
    codeOf,
  );
});

describe("times", () => {
  const at = (more) => () => signed(good(more));
  withstand(
    () => target,
    [
      [
        "expired an hour ago",
        "token_expired",
        () => signed(good({ iat: now() - 2 * HOUR, exp: now() - HOUR })),
      ],
      [
        "expired a minute ago",
        "token_expired",
        () => signed(good({ iat: now() - HOUR, exp: now() - 60 })),
      ],
      ["expired in 1970", "token_expired", at({ exp: 1 })],
      ["an end of 0", "token_expired", at({ exp: 0 })],
      ["a negative end", INVALID, at({ exp: -1 })],
      ["no end", INVALID, at({ exp: undefined })],
      ["an end of null", INVALID, at({ exp: null })],
      ["an end that is a text", INVALID, () => signed(good({ exp: String(now() + HOUR) }))],
      ["an end that is a date", INVALID, at({ exp: "2099-01-01T00:00:00Z" })],
      ["an end that is true", INVALID, at({ exp: true })],
      ["an end in an array", INVALID, () => signed(good({ exp: [now() + HOUR] }))],
      ["an end of 1e400", INVALID, () => signed(json(good()).replace(/"exp":\d+/, '"exp":1e400'))],
      ["an end of 1e300", INVALID, () => signed(json(good()).replace(/"exp":\d+/, '"exp":1e300'))],
      ["an end of 2^63", INVALID, at({ exp: 2 ** 63 })],
      ["two ends", INVALID, () => signed(json(good()).replace('"exp"', '"exp":1,"exp"'))],
      [
        "two ends, one in escapes",
        INVALID,
        () => signed(json(good()).replace('"exp"', '"\\u0065xp":1,"exp"')),
      ],
      ["valid in an hour", "token_not_yet_valid", () => signed(good({ nbf: now() + HOUR }))],
      ["valid from a text", INVALID, at({ nbf: "now" })],
      ["valid from null", INVALID, at({ nbf: null })],
      [
        "issued in an hour",
        "token_not_yet_valid",
        () => signed(good({ iat: now() + HOUR, exp: now() + 2 * HOUR })),
      ],
      ["issued by a text", INVALID, at({ iat: "now" })],
      ["two hours old", "token_expired", () => signed(good({ iat: now() - 2 * HOUR }))],
      [
        "ten years long, and not said when issued",
        "token_expired",
        () => signed(good({ iat: undefined, exp: now() + 87_600 * HOUR })),
      ],
    ],
    codeOf,
  );
});

describe("claims", () => {
  const of = (more) => () => signed(good(more));
  withstand(
    () => target,
    [
      ["another issuer", INVALID, of({ iss: "https://evil.example" })],
      ["an issuer that begins like ours", INVALID, of({ iss: `${ISSUER}.evil.example` })],
      ["the issuer in an array", INVALID, of({ iss: [ISSUER] })],
      ["no issuer", INVALID, of({ iss: undefined })],
      ["another audience", INVALID, of({ aud: "other" })],
      ["the audience in other letters", INVALID, of({ aud: "OUTCRY" })],
      ["an empty list of audiences", INVALID, of({ aud: [] })],
      ["a list with something else than texts", INVALID, of({ aud: [AUDIENCE, 1] })],
      ["an audience in an object", INVALID, of({ aud: { outcry: true } })],
      ["no audience", INVALID, of({ aud: undefined })],
      ["ours among audiences", "accepted", of({ aud: ["other", AUDIENCE] })],
      ["a refresh token", "token_refresh", of({ type: "refresh" })],
      ["a type that is a list", INVALID, of({ type: ["refresh"] })],
      ["no user", INVALID, of({ user_id: undefined })],
      ["an empty user", INVALID, of({ user_id: "" })],
      ["a user that is a number", INVALID, of({ user_id: 42 })],
      ["a user that is null, and another", INVALID, of({ user_id: null, sub: "admin" })],
      ["a user that is a list", INVALID, of({ user_id: ["admin"] })],
      ["a user that is an object", INVALID, of({ user_id: { $ne: null } })],
      ["a user with a NUL", INVALID, of({ user_id: "admin\0x" })],
      ["a user with a line feed", INVALID, of({ user_id: "admin\nx" })],
      ["a user of 300 octets", INVALID, of({ user_id: "x".repeat(300) })],
      [
        "two users",
        INVALID,
        () => signed(json(good()).replace('"user_id"', '"user_id":"admin","user_id"')),
      ],
      [
        "two users, one in escapes",
        INVALID,
        () => signed(json(good()).replace('"user_id"', '"user\\u005fid":"admin","user_id"')),
      ],
      [
        "a user of half a surrogate pair",
        INVALID,
        () => signed(json(good()).replace("mallory", "\\ud800")),
      ],
      ["a user that is no UTF-8", INVALID, () => signed(json(good()).replace("mallory", "\xff"))],
      ["permissions that are a text", INVALID, of({ permissions: "all" })],
      ["permissions of numbers", INVALID, of({ permissions: [1] })],
      ["5,000 permissions", INVALID, of({ permissions: Array(1_500).fill("p") })],
      ["rooms that are a text", INVALID, of({ rooms: "*" })],
      ["a session that is a number", INVALID, of({ session_id: 1 })],
      ["a payload that is an array", INVALID, () => signed("[]")],
      ["a payload that is a text", INVALID, () => signed('"mallory"')],
      ["an empty payload", INVALID, () => signed("")],
      ["a payload that is null", INVALID, () => signed("null")],
      ["a payload that is cut", INVALID, () => signed(json(good()).slice(0, -1))],
      ["a payload with something behind", INVALID, () => signed(`${json(good())}{}`)],
      [
        "a payload of 3,000 levels",
        INVALID,
        () => signed(json(good()).replace("{", `{"a":${"[".repeat(3_000)}${"]".repeat(3_000)},`)),
      ],
      [
        "1,000 claims",
        INVALID,
        () =>
          signed(good(Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`c${at}`, 1])))),
      ],
      [
        "__proto__ as a claim",
        "accepted",
        () => signed(json(good()).replace("{", '{"__proto__":{"user_id":"admin"},')),
      ],
    ],
    codeOf,
  );
});

describe("where a token comes from", () => {
  const bad = "bad.bad.bad";
  const open = (at) => ({
    path: at.query === undefined ? ENGINE_PATH : `${ENGINE_PATH}&token=${at.query}`,
    headers: at.authorization === undefined ? {} : { Authorization: at.authorization },
  });
  const connect = (attacked, payload, at = () => ({})) =>
    codeOfConnect(attacked, payload, open(at()));
  withstand(
    () => target,
    [
      ["nowhere", "token_missing", ""],
      ["an empty object", "token_missing", "{}"],
      ["an empty text", "token_missing", '{"token":""}'],
      ["a number", "token_missing", '{"token":42}'],
      ["an object", "token_missing", '{"token":{"token":"x"}}'],
      ["a member of another name", "token_missing", '{"Token":"x"}'],
      [
        "Authorization of another scheme",
        "token_missing",
        "",
        () => ({ authorization: "Basic eDp4" }),
      ],
      [
        "Authorization: bearer and nothing",
        "token_missing",
        "",
        () => ({ authorization: "Bearer " }),
      ],
      ["a bad one in Authorization", INVALID, "", () => ({ authorization: `Bearer ${bad}` })],
      ["a bad one in the query", INVALID, "", () => ({ query: bad })],
      ["a percent sign without digits in the query", INVALID, "", () => ({ query: "%zz%" })],
      ["6,000 octets in the query", INVALID, "", () => ({ query: "a".repeat(6_000) })],
      [
        "two in the query, one of them good",
        INVALID,
        "",
        () => ({ query: `${bad}&token=${signed(good())}` }),
      ],
      [
        "a bad one in CONNECT before a good one in the query",
        INVALID,
        `{"token":"${bad}"}`,
        () => ({ query: signed(good()) }),
      ],
      [
        "a bad one in Authorization before a good one in the query",
        INVALID,
        "",
        () => ({ authorization: `Bearer ${bad}`, query: signed(good()) }),
      ],
      [
        "a good one in Authorization before a bad one in the query",
        "accepted",
        "",
        () => ({ authorization: `Bearer ${signed(good())}`, query: bad }),
      ],
    ],
    connect,
  );
});

describe("the log", () => {
  it("has none of these tokens, nor their signatures", () => {
    const { output } = target.gateway.program;
    for (const token of seen) {
      assert.ok(!output.includes(token));
      const signature = token.split(".")[2] ?? "";
      assert.ok(signature.length < 20 || !output.includes(signature));
    }
  });
});
