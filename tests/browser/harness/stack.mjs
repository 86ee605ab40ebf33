// The real thing, small: page built from its sources, gateway, back end, on free ports.

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
  #gateway;
  #backend;
  ports;

  /** `extraPorts`: of pages from elsewhere, as through a proxy, that may connect as well. */
  static async start({ extraPorts = [] } = {}) {
    const stack = new Stack();
    stack.#folder = await mkdtemp(join(tmpdir(), "outcry-browser-"));
    stack.ports = {
      page: await freePort(),
      operations: await freePort(),
      backend: await freePort(),
    };
    try {
      await stack.#prepare(extraPorts);
      await stack.startGateway();
      await stack.#startBackend(extraPorts);
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
    await Promise.all([this.#gateway?.end(), this.#backend?.end()]);
    await rm(this.#folder, { recursive: true, force: true });
  }

  async accounts() {
    return (await (await fetch(`${this.backend}/accounts`)).json()).accounts;
  }

  async token(account) {
    return (await (await fetch(`${this.backend}/token?account=${account}`)).json()).token;
  }

  async #prepare(extraPorts) {
    const { page, operations } = this.ports;
    await writeFile(this.#file("secret"), randomBytes(48).toString("base64"), { mode: 0o600 });
    await writeFile(this.#file("api_key"), randomBytes(24).toString("base64"), { mode: 0o600 });
    const text = (value) => JSON.stringify(value);
    await writeFile(
      this.#file("outcry.toml"),
      `[server]
listen = "127.0.0.1:${page}"
allowed_origins = ${text(origins([page, ...extraPorts]))}
static_dir = ${text(this.#file("dist"))}
workers = 1
[operations]
listen = "127.0.0.1:${operations}"
api_keys_file = ${text(this.#file("api_key"))}
[auth]
secret_file = ${text(this.#file("secret"))}
[store]
url = ${text(`sqlite:${this.#file("platform.db")}`)}
`,
    );
    const vite = join(ROOT, "web/node_modules/vite/bin/vite.js");
    const args = [vite, "build", "--outDir", this.#file("dist"), "--emptyOutDir"];
    await promisify(execFile)(process.execPath, args, { cwd: join(ROOT, "web") });
  }

  async #startBackend(extraPorts) {
    const pages = origins([this.ports.page, ...extraPorts]);
    this.#backend = new Program(PYTHON, [
      join(ROOT, "examples/demo/backend.py"),
      ...["--port", String(this.ports.backend)],
      ...["--gateway", `http://127.0.0.1:${this.ports.operations}`],
      ...["--secret-file", this.#file("secret"), "--api-key-file", this.#file("api_key")],
      ...["--database", this.#file("platform.db")],
      ...pages.flatMap((origin) => ["--origin", origin]),
    ]);
    await this.#backend.answers(`${this.backend}/healthz`);
  }

  #file(name) {
    return join(this.#folder, name);
  }
}

function origins(ports) {
  return ports.map((port) => `http://127.0.0.1:${port}`);
}
