// Child processes and ports of a test: loopback only, ended by their own pid.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createConnection, createServer } from "node:net";

const READY_MS_MAX = 30_000;
const END_MS_MAX = 15_000;

/** A port that was free a moment ago. */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** A running program. What it prints is kept, and shown when it fails to start. */
export class Program {
  #child;
  #output = "";

  constructor(command, args) {
    this.#child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        this.#output = (this.#output + text).slice(-20_000);
      });
    }
    this.#child.on("error", (error) => (this.#output += `${error}\n`));
  }

  get isRunning() {
    return (
      this.#child.pid !== undefined &&
      this.#child.exitCode === null &&
      this.#child.signalCode === null
    );
  }

  /** Waits until `url` answers 200. */
  answers(url) {
    const ask = () =>
      fetch(url).then(
        (response) => response.ok,
        () => false,
      );
    return this.#waitFor(ask, `doesn't answer at ${url}`);
  }

  /** Waits until a connection to `port` is accepted. */
  listens(port) {
    const connect = () =>
      new Promise((resolve) => {
        const socket = createConnection(port, "127.0.0.1");
        socket.once("connect", () => {
          socket.destroy();
          resolve(true);
        });
        socket.once("error", () => resolve(false));
      });
    return this.#waitFor(connect, `doesn't listen on port ${port}`);
  }

  async #waitFor(isReady, complaint) {
    const deadline = Date.now() + READY_MS_MAX;
    while (this.isRunning && Date.now() < deadline) {
      if (await isReady()) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${this.#child.spawnargs.join(" ")} ${complaint}:\n${this.#output}`);
  }

  /** Sends the signal and waits for the end; a program that ignores SIGTERM is killed and reported. */
  async end(signal = "SIGTERM") {
    if (!this.isRunning) return;
    const ended = once(this.#child, "exit");
    this.#child.kill(signal);
    const late = setTimeout(() => this.#child.kill("SIGKILL"), END_MS_MAX);
    const [, by] = await ended;
    clearTimeout(late);
    if (by === "SIGKILL" && signal !== "SIGKILL")
      throw new Error(`didn't end on ${signal}:\n${this.#output}`);
  }
}
