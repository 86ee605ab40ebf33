// support/redis.mjs: a Redis of the test's own, and publishers as they exist in production.

import { Emitter } from "@socket.io/redis-emitter";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createClient } from "redis";
import { Program, freePort } from "./process.mjs";
import { Inbox } from "./wire.mjs";

export const CHANNEL = "tradesense_websocket";

export class RedisServer {
  static async start() {
    const server = new RedisServer();
    server.port = await freePort();
    server.url = `redis://127.0.0.1:${server.port}/0`;
    server.directory = mkdtempSync(path.join(tmpdir(), "outcry-redis-"));
    await server.restart();
    return server;
  }

  /** An address at which there is no Redis yet: restart() starts it. */
  static async absent() {
    const server = await RedisServer.start();
    await server.kill();
    return server;
  }

  /** Starts a process on the same port. */
  async restart() {
    const flags = `--port ${this.port} --bind 127.0.0.1 --save  --appendonly no --dir`.split(" ");
    this.program = await Program.start("redis-server", [...flags, this.directory], {
      ports: [this.port],
    });
  }

  kill() {
    return this.program.kill();
  }

  async stop() {
    await this.program.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Node: @socket.io/redis-emitter, and PUBLISH of any octets. */
export class NodePublisher {
  static async connect(redis) {
    const publisher = new NodePublisher();
    publisher.client = createClient({ url: redis.url, socket: { reconnectStrategy: 50 } });
    publisher.client.on("error", () => {}); // Redis is killed on purpose
    await publisher.client.connect();
    // The emitter drops the promise of its PUBLISH; emit() below gives it to the test.
    const publish = (...args) => (publisher.published = publisher.client.publish(...args));
    publisher.emitter = new Emitter({ publish });
    return publisher;
  }

  /** Resolves once Redis has it. */
  emit(room, event, ...args) {
    this.emitter.to(room).emit(event, ...args);
    return this.published;
  }

  /** To every socket of the namespace. */
  emitToAll(event, ...args) {
    this.emitter.emit(event, ...args);
    return this.published;
  }

  /** As python-socketio 5.15.1 and later write it: JSON, arguments as an array, binary beside it. */
  emitPythonJson(room, event, args, attachments) {
    return this.publish(
      JSON.stringify({
        method: "emit",
        event,
        data: attachments ? [args, ...attachments] : args,
        binary: attachments !== undefined,
        namespace: "/",
        room,
        skip_sid: null,
        callback: null,
        host_id: randomBytes(16).toString("hex"),
      }),
    );
  }

  publish(octets, channel = CHANNEL) {
    return this.client.publish(channel, octets);
  }

  async stop() {
    if (this.client.isOpen) await this.client.disconnect();
  }
}

/** Python: Debian's Flask-SocketIO and python-socketio, in a process of their own. */
export class PythonPublisher {
  static async start(redis) {
    const script = fileURLToPath(new URL("./python_publisher.py", import.meta.url));
    const publisher = new PythonPublisher();
    publisher.answers = new Inbox();
    publisher.program = new Program("/usr/bin/python3", [script, redis.url, CHANNEL], {
      input: true,
    });
    const lines = createInterface({ input: publisher.program.child.stdout });
    lines.on("line", (line) => publisher.answers.put(line));
    publisher.program.ended.then(() => publisher.answers.put(publisher.program.output));
    await publisher.#expect("ready");
    return publisher;
  }

  /** `library` is "flask" or "socketio"; `binary` (a Buffer) stands for data as bytes. */
  async emit(library, room, event, data, binary) {
    const order = { library, room, event, data, binary: binary?.toString("base64") };
    this.program.child.stdin.write(`${JSON.stringify(order)}\n`);
    await this.#expect("published");
  }

  async #expect(word) {
    const answer = await this.answers.take("the Python publisher", 15_000);
    if (answer !== word) throw new Error(`the Python publisher said: ${answer}`);
  }

  async stop() {
    this.program.child.stdin.end();
    await this.program.ended;
  }
}
