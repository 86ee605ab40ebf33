// support/issuer.mjs: an identity provider: keys of every kind, and tokens that it signs with them.
//
// Signatures by Node's crypto and by python3-jwt: libraries that know nothing of the gateway.

import { execFileSync } from "node:child_process";
import { constants, generateKeyPairSync, sign as signWith } from "node:crypto";
import { createServer } from "node:https";
import { readFileSync } from "node:fs";

const KINDS = {
  RS: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
  PS: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
  ES384: () => generateKeyPairSync("ec", { namedCurve: "P-384" }),
  ES512: () => generateKeyPairSync("ec", { namedCurve: "P-521" }),
  EdDSA: () => generateKeyPairSync("ed25519"),
};

export const ALGORITHMS = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA"],
];

const encoded = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const seconds = () => Math.floor(Date.now() / 1000);

/** Claims of an access token; `more` overrides and adds. */
export function claimsOf(user, more = {}) {
  return { sub: user, type: "access", iat: seconds(), exp: seconds() + 900, ...more };
}

/** A key of one algorithm with its `kid`. */
export class IssuerKey {
  constructor(kid, algorithm) {
    this.kid = kid;
    this.algorithm = algorithm;
    const make = KINDS[algorithm] ?? KINDS[algorithm.slice(0, 2)];
    ({ publicKey: this.publicKey, privateKey: this.privateKey } = make());
  }

  get pem() {
    return this.publicKey.export({ type: "spki", format: "pem" });
  }

  get jwk() {
    const { kid, algorithm: alg } = this;
    return { ...this.publicKey.export({ format: "jwk" }), kid, alg, use: "sig" };
  }

  sign(claims, header = {}) {
    const { kid, algorithm } = this;
    const input = `${encoded({ alg: algorithm, typ: "JWT", kid, ...header })}.${encoded(claims)}`;
    const options = { key: this.privateKey, dsaEncoding: "ieee-p1363" };
    if (algorithm.startsWith("PS")) {
      options.padding = constants.RSA_PKCS1_PSS_PADDING;
      options.saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
    }
    const hash = algorithm === "EdDSA" ? null : `sha${algorithm.slice(2)}`;
    return `${input}.${signWith(hash, Buffer.from(input), options).toString("base64url")}`;
  }

  tokenOf(user, more) {
    return this.sign(claimsOf(user, more));
  }

  /** The same by python3-jwt. */
  pythonTokenOf(user, more) {
    const order = {
      key: this.privateKey.export({ type: "pkcs8", format: "pem" }),
      algorithm: this.algorithm,
      kid: this.kid,
      claims: claimsOf(user, more),
    };
    return pythonToken(order);
  }
}

const ENCODE = `
import json, sys, jwt
order = json.load(sys.stdin)
headers = {"kid": order["kid"]} if order.get("kid") else None
sys.stdout.write(jwt.encode(order["claims"], order["key"], algorithm=order["algorithm"], headers=headers))
`;

/** {key, algorithm, kid, claims} signed by python3-jwt. */
export function pythonToken(order) {
  const options = { input: JSON.stringify(order), encoding: "utf8" };
  return execFileSync("/usr/bin/python3", ["-c", ENCODE], options);
}

/** Serves a set of keys over HTTPS, at a path of its own, and counts who asks. */
export class KeyServer {
  static async start(certificates, keys = []) {
    const server = new KeyServer();
    server.keys = keys;
    server.requests = 0;
    const tls = {
      cert: readFileSync(certificates.certificateFile),
      key: readFileSync(certificates.keyFile),
    };
    server.https = createServer(tls, (request, response) => server.#answer(request, response));
    await new Promise((resolve) => server.https.listen(0, "127.0.0.1", resolve));
    server.port = server.https.address().port;
    server.url = `https://localhost:${server.port}/.well-known/jwks.json`;
    return server;
  }

  /** `this.respond`, if it is set, answers instead. */
  #answer(request, response) {
    ++this.requests;
    if (this.respond) return this.respond(request, response);
    const known = request.url === "/.well-known/jwks.json";
    response.writeHead(known ? 200 : 404, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ keys: this.keys.map((key) => key.jwk ?? key) }));
  }

  /** Takes no more connections, and ends those it has; start again on the same port by listen(). */
  async down() {
    this.https.closeAllConnections();
    await new Promise((resolve) => this.https.close(resolve));
  }

  up() {
    return new Promise((resolve) => this.https.listen(this.port, "127.0.0.1", resolve));
  }

  async stop() {
    if (this.https.listening) await this.down();
  }
}
