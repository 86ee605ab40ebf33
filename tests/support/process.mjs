// support/process.mjs: programs under test: started on free ports, stopped by their own process id.
//
// Every program that is started here is ended when this test process ends, however it ends: a test
// that fails half way leaves nothing behind. Output is kept and shown only when a start fails.

import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer, connect } from "node:net";

const running = new Set();

process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

// The kernel gives connections ports from 32768 on (ip(7), ip_local_port_range); one of those can't be
// listened on for a minute after the connection that had it.
const PORT_FIRST = 11_000; // browsers refuse 10080
const PORT_LAST = 32_767;

/** A TCP port of 127.0.0.1 that was free a moment ago, and isn't taken by a connection meanwhile. */
export async function freePort() {
  for (;;) {
    const port = randomInt(PORT_FIRST, PORT_LAST + 1);
    const probe = createServer().listen(port, "127.0.0.1");
    const isFree = await once(probe, "listening").then(() => true, () => false);
    if (!isFree) continue;
    probe.close();
    await once(probe, "close");
    return port;
  }
}

/** True once a TCP connection is accepted; false when it is refused. */
function accepts(port, host) {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/**
 * Calls `probe` until it returns something truthy, and returns that. For states of another process
 * that announce themselves by no event we can wait for. Throws after `timeoutMs`, of which one round
 * uses no more than a tenth: the machine may have stood still in it.
 */
export async function eventually(what, probe, timeoutMs = 10_000) {
  for (let left = timeoutMs; ; ) {
    const began = performance.now();
    const answer = await probe();
    if (answer) return answer;
    if (left <= 0) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    left -= Math.min(performance.now() - began, timeoutMs / 10);
  }
}

/** Stops what was started, in this order, all of it even when one fails. Then throws the first failure. */
export async function stopAll(...things) {
  let failure;
  for (const thing of things) await thing?.stop().catch((error) => (failure ??= error));
  if (failure) throw failure;
}

export class Program {
  /** Starts `command` and waits until it accepts connections on every port of `ports`. */
  static async start(command, args, { ports = [], host, ...options } = {}) {
    const program = new Program(command, args, options);
    try {
      for (const port of ports) await program.listening(port, host);
    } catch (error) {
      await program.kill();
      throw error;
    }
    return program;
  }

  /** `input`: leave standard input open for writing. */
  constructor(command, args, { env = {}, input = false } = {}) {
    this.output = "";
    this.name = command;
    this.child = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: [input ? "pipe" : "ignore", "pipe", "pipe"],
    });
    running.add(this.child);
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text) => (this.output = (this.output + text).slice(-200_000)));
    }
    this.ended = new Promise((resolve) => {
      this.child.once("error", (error) => resolve(error.message));
      this.child.once("exit", (code, signal) => resolve(signal ?? code));
    }).then((how) => {
      running.delete(this.child);
      return (this.how = how ?? "ended");
    });
  }

  async listening(port, host = "127.0.0.1") {
    await eventually(`${this.name} listens on ${port}\n${this.output}`, async () => {
      if (this.how !== undefined) {
        throw new Error(`${this.name} ended (${this.how}) before it listened:\n${this.output}`);
      }
      return accepts(port, host);
    });
  }

  /** SIGTERM, and SIGKILL after `patienceMs`. Returns exit code or signal. */
  async stop(patienceMs = 8_000) {
    this.child.kill("SIGTERM");
    const timer = setTimeout(() => this.child.kill("SIGKILL"), patienceMs);
    const how = await this.ended;
    clearTimeout(timer);
    return how;
  }

  async kill() {
    this.child.kill("SIGKILL");
    return this.ended;
  }
}
