// Public keys misused: as secrets, under other algorithms, with signatures that are almost theirs,
// against gateways that know one public key each and no secret. The answer of each row is the code
// of the refusal, or "accepted".

import assert from "node:assert/strict";
import { constants, createHmac, generateKeyPairSync, sign as signWith } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { RawSocket, textFrame } from "./support/raw_socket.mjs";
import { Target, tellCount, withstand } from "./support/target.mjs";

tellCount("key_confusion");

const INVALID = "token_invalid";
const KID = "k1";
const now = () => Math.floor(Date.now() / 1000);
const base64url = (value) => Buffer.from(value).toString("base64url");
const seen = [];

/** Header and payload, as they are signed. */
function inputOf(alg, user = "mallory", header = { kid: KID }) {
  const head = JSON.stringify({ alg, typ: "JWT", ...header });
  const payload = JSON.stringify({ user_id: user, iat: now(), exp: now() + 3600 });
  return `${base64url(head)}.${base64url(payload)}`;
}

const { RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING } = constants;
const digestOf = (alg) => `sha${alg.slice(2)}`;

const rsaBy = (alg, key) =>
  alg.startsWith("PS")
    ? { key, padding: RSA_PKCS1_PSS_PADDING, saltLength: Number(alg.slice(2)) / 8 }
    : { key, padding: RSA_PKCS1_PADDING };

/** What a signature of `alg` by this private key is, as JWS has it. */
function signatureOf(alg, key, input, dsaEncoding = "ieee-p1363") {
  if (alg === "EdDSA") return signWith(null, Buffer.from(input), key);
  const with_ = alg.startsWith("ES") ? { key, dsaEncoding } : rsaBy(alg, key);
  return signWith(digestOf(alg), Buffer.from(input), with_);
}

async function codeOf({ port }, make) {
  const token = make();
  seen.push(token);
  const socket = await RawSocket.open(port);
  try {
    await socket.next();
    socket.send(textFrame(`40${JSON.stringify({ token })}`));
    const answer = await socket.next("the answer to CONNECT");
    return answer.startsWith("44") ? JSON.parse(answer.slice(2)).data.code : "accepted";
  } finally {
    socket.drop();
  }
}

/** The public key in every form in which somebody might take it for a secret. */
function formsOf(publicKey) {
  const pem = publicKey.export({ type: "spki", format: "pem" });
  const jwk = publicKey.export({ format: "jwk" });
  const numbers = ["n", "x", "y"].filter((name) => jwk[name]);
  return {
    PEM: pem,
    "PEM without its last line end": pem.trimEnd(),
    "PEM with CR LF": pem.replaceAll("\n", "\r\n"),
    "PEM without its frame": pem.split("\n").slice(1, -2).join(""),
    DER: publicKey.export({ type: "spki", format: "der" }),
    JWK: JSON.stringify(jwk),
    "its number": Buffer.from(jwk[numbers[0]], "base64url"),
    "its number, in base64": jwk[numbers[0]],
    "its file's name": "key.pem",
    "its name": KID,
    "an empty text": "",
    ...(jwk.kty === "RSA" && {
      "PEM of PKCS #1": publicKey.export({ type: "pkcs1", format: "pem" }),
    }),
    ...(jwk.y && {
      "its point": Buffer.concat([
        Buffer.from([4]),
        Buffer.from(jwk.x, "base64url"),
        Buffer.from(jwk.y, "base64url"),
      ]),
    }),
  };
}

/** Rows for any key: HMACs under it, by whatever name. */
function asSecret(alg, publicKey) {
  const rows = [];
  for (const [form, secret] of Object.entries(formsOf(publicKey))) {
    for (const named of ["HS256", "HS384", "HS512", alg]) {
      const digest = named === alg ? "sha256" : digestOf(named);
      rows.push([
        `${form} as the secret of ${named}`,
        INVALID,
        () => {
          const input = inputOf(named);
          return `${input}.${createHmac(digest, secret).update(input).digest("base64url")}`;
        },
      ]);
    }
  }
  return rows;
}

/** A gateway that knows this public key for this algorithm. */
function against(alg, pair, rowsOf) {
  describe(`a gateway that verifies ${alg}`, () => {
    const signed = (by = alg, { key = pair.privateKey, user, header, encoding, edit } = {}) => {
      const input = inputOf(by, user, header);
      const signature = signatureOf(by, key, input, encoding);
      return `${input}.${(edit?.(signature) ?? signature).toString("base64url")}`;
    };
    let target, directory;
    before(async () => {
      directory = mkdtempSync(path.join(tmpdir(), "outcry-keys-"));
      const file = path.join(directory, "key.pem");
      writeFileSync(file, pair.publicKey.export({ type: "spki", format: "pem" }));
      target = await Target.start({
        token: (user) => signed(alg, { user }),
        config: { auth: { secret: "", public_keys: { [KID]: `${alg} ${file}` } } },
      });
    });
    after(async () => {
      await target?.stop();
      rmSync(directory, { recursive: true, force: true });
    });

    const unsigned = (header) => () => `${inputOf(header.alg, "mallory", header)}.`;
    withstand(
      () => target,
      [
        ["a good token", "accepted", () => signed()],
        ["a good one without the key's name", "accepted", () => signed(alg, { header: {} })],
        ["no signature", INVALID, unsigned({ alg, kid: KID })],
        ["none", INVALID, unsigned({ alg: "none", kid: KID })],
        [
          "a signature of zeros",
          INVALID,
          () => signed(alg, { edit: (s) => Buffer.alloc(s.length) }),
        ],
        [
          "a signature of ones",
          INVALID,
          () => signed(alg, { edit: (s) => Buffer.alloc(s.length, 255) }),
        ],
        ["an octet less", INVALID, () => signed(alg, { edit: (s) => s.subarray(1) })],
        [
          "a zero before it",
          INVALID,
          () => signed(alg, { edit: (s) => Buffer.concat([Buffer.alloc(1), s]) }),
        ],
        [
          "a zero behind it",
          INVALID,
          () => signed(alg, { edit: (s) => Buffer.concat([s, Buffer.alloc(1)]) }),
        ],
        ...asSecret(alg, pair.publicKey),
        ...rowsOf(signed),
      ],
      codeOf,
    );

    it("has none of these tokens in its log", () => {
      for (const token of seen.splice(0)) assert.ok(!target.gateway.program.output.includes(token));
    });
  });
}

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" });
const ed = generateKeyPairSync("ed25519");
const others = {
  rsa: generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey,
  ec: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
  p384: generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey,
  ed: generateKeyPairSync("ed25519").privateKey,
};

/** By its own key, and yet under another of the key's algorithms; and by others' keys. */
const rsaRows = (own) => (signed) => [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
    .filter((alg) => alg !== own)
    .map((alg) => [`its key's, as ${alg}`, INVALID, () => signed(alg)]),
  ["another's", INVALID, () => signed(own, { key: others.rsa })],
  ["ES256", INVALID, () => signed("ES256", { key: others.ec })],
  ["EdDSA", INVALID, () => signed("EdDSA", { key: others.ed })],
];

const half = (signature, at) => BigInt(`0x${signature.subarray(at, at + 32).toString("hex")}`);
const octets = (number) => Buffer.from(number.toString(16).padStart(64, "0"), "hex");
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

against("RS256", rsa, rsaRows("RS256"));
against("PS256", rsa, rsaRows("PS256"));
against("ES256", p256, (signed) => {
  const pairOf = (r, s) => () =>
    signed("ES256", { edit: () => Buffer.concat([octets(r), octets(s)]) });
  return [
    ["another's", INVALID, () => signed("ES256", { key: others.ec })],
    ["ES384", INVALID, () => signed("ES384", { key: others.p384 })],
    ["ES512, by its key", INVALID, () => signed("ES512")],
    ["RS256", INVALID, () => signed("RS256", { key: others.rsa })],
    ["EdDSA", INVALID, () => signed("EdDSA", { key: others.ed })],
    ["DER instead of two numbers", INVALID, () => signed("ES256", { encoding: "der" })],
    ["r = 0, s = 1", INVALID, pairOf(0n, 1n)],
    ["r = 1, s = 0", INVALID, pairOf(1n, 0n)],
    ["r = s = the order", INVALID, pairOf(ORDER, ORDER)],
    ["r = 1, s = 1", INVALID, pairOf(1n, 1n)],
    [
      "s beyond the order",
      INVALID,
      () =>
        signed("ES256", {
          edit: (s) =>
            Buffer.concat([s.subarray(0, 32), octets((half(s, 32) + ORDER) % (1n << 256n))]),
        }),
    ],
    // Of each signature there is a second one (ECDSA, FIPS 186-5): another text, the same token.
    [
      "the order less s",
      "accepted",
      () =>
        signed("ES256", {
          edit: (s) => Buffer.concat([s.subarray(0, 32), octets(ORDER - half(s, 32))]),
        }),
    ],
  ];
});
against("EdDSA", ed, (signed) => [
  ["another's", INVALID, () => signed("EdDSA", { key: others.ed })],
  ["ES256", INVALID, () => signed("ES256", { key: others.ec })],
  ["RS256", INVALID, () => signed("RS256", { key: others.rsa })],
  [
    "alg ed25519",
    INVALID,
    () => {
      const input = inputOf("Ed25519");
      return `${input}.${signatureOf("EdDSA", ed.privateKey, input).toString("base64url")}`;
    },
  ],
]);
