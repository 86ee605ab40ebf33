// The real thing, small: page built from its sources, back end, gateway, on free ports.
//
// Two platforms: the demonstration's own back end, which publishes by HTTP, and the Flask
// application, which publishes through a Redis server of this test's own.

import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Program, freePort } from "./processes.mjs";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const BINARY = resolve(ROOT, process.env.OUTCRY_BINARY ?? "out/dev/outcry");
const PYTHON = "/usr/bin/python3";

export class Stack {
  #folder;
  #redis;
  #backend;
  #gateway;
  #isFlask;
  #pages;
  ports;

  /** `extraPorts`: of pages from elsewhere, as through a proxy, that may connect as well. */
  static async start({ platform = "demo", extraPorts = [] } = {}) {
    const stack = new Stack();
    stack.#isFlask = platform === "flask";
    stack.#folder = await mkdtemp(join(tmpdir(), "outcry-browser-"));
    stack.ports = {
      page: await freePort(),
      operations: await freePort(),
      backend: await freePort(),
      redis: await freePort(),
    };
    stack.#pages = [stack.ports.page, ...extraPorts].map((port) => `http://127.0.0.1:${port}`);
    try {
      await stack.#prepare();
      if (stack.#isFlask) await stack.#startRedis();
      await stack.#startBackend();
      await stack.startGateway();
      return stack;
    } catch (error) {
      await stack.stop();
      throw error;
    }
  }

  get origin() {
    return `http://127.0.0.1:${this.ports.page}`;
  }

  get backend() {
    return `http://127.0.0.1:${this.ports.backend}`;
  }

  /** The page's address for these accounts, from the gateway or through a proxy before it. */
  page(accounts, port = this.ports.page) {
    return `http://127.0.0.1:${port}/?account=${accounts}&backend=${this.backend}`;
  }

  async startGateway() {
    this.#gateway = new Program(BINARY, ["serve", "--config", this.#file("outcry.toml")]);
    await this.#gateway.answers(`http://127.0.0.1:${this.ports.operations}/readyz`);
  }

  /** As a power cut would. */
  async killGateway() {
    await this.#gateway.end("SIGKILL");
  }

  async stop() {
    await Promise.all([this.#gateway?.end(), this.#backend?.end(), this.#redis?.end()]);
    await rm(this.#folder, { recursive: true, force: true });
  }

  async accounts() {
    return (await (await fetch(`${this.backend}/accounts`)).json()).accounts;
  }

  async token(account) {
    return (await (await fetch(`${this.backend}/token?account=${account}`)).json()).token;
  }

  async #prepare() {
    const { page, operations, redis } = this.ports;
    await writeFile(this.#file("secret"), randomBytes(48).toString("base64"), { mode: 0o600 });
    await writeFile(this.#file("api_key"), randomBytes(24).toString("base64"), { mode: 0o600 });
    const text = (value) => JSON.stringify(value);
    await writeFile(
      this.#file("outcry.toml"),
      `[server]
listen = "127.0.0.1:${page}"
allowed_origins = ${text(this.#pages)}
static_dir = ${text(this.#file("dist"))}
workers = 2
[operations]
listen = "127.0.0.1:${operations}"
api_keys_file = ${text(this.#file("api_key"))}
[auth]
secret_file = ${text(this.#file("secret"))}
[store]
url = ${text(`sqlite:${this.#file("platform.db")}`)}
${this.#isFlask ? `[bus]\nredis = "redis://127.0.0.1:${redis}/0"\n` : ""}`,
    );
    const vite = join(ROOT, "web/node_modules/vite/bin/vite.js");
    const args = [vite, "build", "--outDir", this.#file("dist"), "--emptyOutDir"];
    await promisify(execFile)(process.execPath, args, { cwd: join(ROOT, "web") });
  }

  async #startRedis() {
    const port = String(this.ports.redis);
    const options = ["--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", this.#folder];
    this.#redis = new Program("redis-server", options);
    await this.#redis.listens(this.ports.redis);
  }

  async #startBackend() {
    const { backend, operations, redis } = this.ports;
    const program = this.#isFlask
      ? ["examples/tradesense-flask/app.py", "--redis", `redis://127.0.0.1:${redis}/0`]
      : [
          ...["examples/demo/backend.py", "--gateway", `http://127.0.0.1:${operations}`],
          ...["--api-key-file", this.#file("api_key")],
        ];
    this.#backend = new Program(PYTHON, [
      ...[join(ROOT, program[0]), ...program.slice(1)],
      ...["--port", String(backend), "--secret-file", this.#file("secret")],
      ...["--database", this.#file("platform.db")],
      ...this.#pages.flatMap((origin) => ["--origin", origin]),
    ]);
    await this.#backend.answers(`${this.backend}/healthz`);
  }

  #file(name) {
    return join(this.#folder, name);
  }
}
