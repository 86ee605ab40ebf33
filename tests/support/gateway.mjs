// support/gateway.mjs: the gateway as it is deployed: a configuration file, a database, two ports.
//
// OUTCRY_BINARY names the program. A gateway keeps its ports over kill() and restart(), as a service
// does whose host comes back.

import { execFileSync } from "node:child_process";
import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Program, eventually, freePort } from "./process.mjs";
import { fetchText } from "./wire.mjs";

export const BINARY =
  process.env.OUTCRY_BINARY ?? fileURLToPath(new URL("../../out/dev/outcry", import.meta.url));

export const SECRET = randomBytes(48).toString("base64");
export const API_KEY = randomBytes(24).toString("hex");
export const ORIGIN = "https://app.example.com";
export const WORKERS = 4;

// ---- tokens

const encoded = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Signs `claims` as they are: for tokens that no library would make. */
export function sign(claims, { secret = SECRET, header = {} } = {}) {
  const text =
    typeof claims === "string"
      ? Buffer.from(claims, "latin1").toString("base64url")
      : encoded(claims);
  const input = `${encoded({ alg: "HS256", typ: "JWT", ...header })}.${text}`;
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
}

const now = () => Math.floor(Date.now() / 1000);

/** A token of the first generation (`user_id`); `more` overrides and adds. */
export function tokenOf(user, more = {}) {
  return sign({ user_id: user, iat: now(), exp: now() + 3600, ...more });
}

/** A token of the second generation (`sub`, type, permissions). */
export function accessTokenOf(user, more = {}) {
  const session = { jti: randomUUID(), session_id: randomUUID(), permissions: ["trade"] };
  return sign({ sub: user, type: "access", iat: now(), exp: now() + 900, ...session, ...more });
}

// ---- the database of the back end

const CREATE = `
import json, sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.execute("CREATE TABLE challenges (id TEXT PRIMARY KEY, user_id TEXT NOT NULL)")
database.executemany("INSERT INTO challenges VALUES (?, ?)", json.loads(sys.argv[2]))
database.commit()
`;

/** Two traders with challenges of their own; ids are new in every run. */
export function makePeople() {
  const person = (name) => ({
    user: `${name}-${randomUUID()}`,
    challenge: randomUUID(),
    second: randomUUID(),
  });
  return { ann: person("ann"), bob: person("bob") };
}

export const roomOf = (challenge) => `challenge_${challenge}`;

// JSON's strings, numbers, booleans and lists of strings are TOML's as well.
function tomlOf(value) {
  if (typeof value !== "object" || Array.isArray(value)) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, of]) => `${JSON.stringify(key)} = ${tomlOf(of)}`);
  return `{ ${members.join(", ")} }`;
}

function toToml(config) {
  const lines = [];
  for (const [section, keys] of Object.entries(config)) {
    lines.push(`[${section}]`);
    for (const [key, value] of Object.entries(keys)) lines.push(`${key} = ${tomlOf(value)}`);
  }
  return `${lines.join("\n")}\n`;
}

export class Gateway {
  /**
   * `people` own their challenges; `config` is laid over the configuration, section by section;
   * with `certificates` the clients' port speaks TLS; `descriptors` is the most that the process may
   * have open; with `network` (a Network) it is at that one's far end, with
   * `clock` (a Clock) it has that one's time.
   */
  static async start({
    redis,
    people = makePeople(),
    config = {},
    certificates,
    descriptors,
    network,
    clock,
  } = {}) {
    const gateway = new Gateway();
    gateway.host = network?.host ?? "127.0.0.1";
    gateway.env = clock?.env;
    // Each becomes the command after it: the process id is the gateway's.
    gateway.prefix = [
      ...(network?.enter ?? []),
      ...(descriptors ? ["prlimit", `--nofile=${descriptors}`] : []),
    ];
    gateway.people = people;
    gateway.directory = mkdtempSync(path.join(tmpdir(), "outcry-gateway-"));
    const database = path.join(gateway.directory, "challenges.db");
    const rows = Object.values(people).flatMap(({ user, challenge, second }) => [
      [challenge, user],
      [second, user],
    ]);
    execFileSync("/usr/bin/python3", ["-c", CREATE, database, JSON.stringify(rows)]);
    gateway.port = await freePort();
    gateway.operationsPort = await freePort();
    gateway.url = `${certificates ? "https" : "http"}://${gateway.host}:${gateway.port}`;
    gateway.operations = `http://${gateway.host}:${gateway.operationsPort}`;
    const defaults = {
      server: {
        listen: `${gateway.host}:${gateway.port}`,
        workers: WORKERS,
        allowed_origins: [ORIGIN],
        plain_http: network ? "allow" : "refuse",
        ...certificates?.server,
      },
      operations: { listen: `${gateway.host}:${gateway.operationsPort}`, api_keys: [API_KEY] },
      auth: { secret: SECRET },
      store: { url: `sqlite:${database}` },
      bus: redis ? { redis: redis.url, heartbeat_ms: 100, reconnect_max_ms: 200 } : {},
    };
    gateway.config = defaults;
    gateway.file = path.join(gateway.directory, "outcry.toml");
    gateway.configure(config);
    await gateway.restart();
    return gateway;
  }

  /** Lays `config` over the configuration in the file; for the next start, or a reload. */
  configure(config) {
    for (const section of Object.keys(config)) {
      this.config[section] = { ...this.config[section], ...config[section] };
    }
    writeFileSync(this.file, toToml(this.config));
  }

  /** Starts a process on the same ports, with the same configuration. */
  async restart() {
    const [command, ...args] = [...this.prefix, BINARY, "serve", "--config", this.file];
    this.program = await Program.start(command, args, {
      host: this.host,
      ports: [this.port, this.operationsPort],
      env: this.env,
    });
  }

  kill() {
    return this.program.kill();
  }

  async stop() {
    const how = await this.program.stop();
    rmSync(this.directory, { recursive: true, force: true });
    return how;
  }

  /** POST to the operations port: {status, headers, body}. */
  post(route, body, headers = {}) {
    const text = typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    return fetchText(`${this.operations}${route}`, {
      method: "POST",
      body: text,
      headers: {
        "Content-Type": "application/json",
        "Content-Length": Buffer.byteLength(text),
        "X-API-Key": API_KEY,
        ...headers,
      },
    });
  }

  /** Publishes by HTTP; throws when the gateway does not take it. */
  async publish(room, event, data) {
    const answer = await this.post("/v1/publish", { room, event, data });
    if (answer.status !== 200) throw new Error(`${answer.status} ${answer.body}`);
    return JSON.parse(answer.body);
  }

  readiness() {
    return fetchText(`${this.operations}/readyz?verbose`);
  }

  untilReady() {
    return eventually("the gateway is ready", async () => (await this.readiness()).status === 200);
  }

  untilNotReady() {
    return eventually("the gateway is not ready", async () => {
      const answer = await this.readiness();
      return answer.status === 503 && JSON.parse(answer.body);
    });
  }

  /** Samples of /metrics: Map of "name{labels}" to number. */
  async metrics() {
    const { body } = await fetchText(`${this.operations}/metrics`);
    const samples = new Map();
    for (const line of body.split("\n")) {
      const cut = line.lastIndexOf(" ");
      if (line !== "" && !line.startsWith("#"))
        samples.set(line.slice(0, cut), Number(line.slice(cut + 1)));
    }
    return samples;
  }
}
