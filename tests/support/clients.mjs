// support/clients.mjs: stock Socket.IO clients of several ages, one way to drive them.

import { io as io31 } from "socket.io-client-3-1";
import { io as io40 } from "socket.io-client-4-0";
import { io as io45 } from "socket.io-client-4-5";
import { io as io48 } from "socket.io-client";
import { Inbox, within } from "./wire.mjs";

export const VERSIONS = { 3.1: io31, "4.0": io40, 4.5: io45, 4.8: io48 };
export const TRANSPORTS = {
  "websocket only": ["websocket"],
  "polling only": ["polling"],
  upgrade: ["polling", "websocket"],
};

// What the gateway adds to events for clients that can come back with it.
const POSITION = /^[\w-]{22}$/;

const open = new Set();

/** Ends every client that a test has left behind; for afterEach. */
export function disconnectAll() {
  for (const client of open) client.close();
  open.clear();
}

export class Client {
  /** Connects; throws what `connect_error` says. */
  static async connect(gateway, token, options = {}) {
    const client = new Client(gateway, { auth: { token }, ...options });
    await client.connected();
    return client;
  }

  constructor(gateway, { version = "4.8", transports = ["websocket"], ...options } = {}) {
    this.log = [];
    this.inboxes = new Map();
    this.connects = new Inbox();
    this.failures = new Inbox();
    this.disconnects = new Inbox();
    this.socket = VERSIONS[version](gateway.url, {
      transports,
      forceNew: true,
      reconnectionDelay: 50,
      reconnectionDelayMax: 200,
      ...options,
    });
    this.socket.on("connect", () => this.connects.put(this.socket.id));
    this.socket.on("connect_error", (error) => this.failures.put(error));
    this.socket.on("disconnect", (reason) => this.disconnects.put(reason));
    this.socket.onAny((event, ...args) => {
      this.log.push(event);
      // As handlers do that name their arguments, tests look at what the publisher sent.
      if (args.length > 1 && POSITION.test(args.at(-1))) this.position = args.pop();
      this.#inbox(event).put(args);
    });
    open.add(this);
  }

  #inbox(event) {
    if (!this.inboxes.has(event)) this.inboxes.set(event, new Inbox());
    return this.inboxes.get(event);
  }

  /** Resolves at the next `connect` that was not awaited yet; rejects at `connect_error`. */
  connected() {
    const failure = this.failures.take("a connection error", Infinity).then((error) => {
      throw error;
    });
    failure.catch(() => {});
    return Promise.race([this.connects.take("the connection", 10_000), failure]);
  }

  refused() {
    return this.failures.take("a connect_error");
  }

  /** The arguments of the next `event`. */
  next(event) {
    return this.#inbox(event).take(`event ${event}`);
  }

  emit(event, ...args) {
    this.socket.emit(event, ...args);
  }

  /** Emits with a callback; resolves with its arguments. */
  ask(event, ...args) {
    const answer = new Promise((resolve) =>
      this.socket.emit(event, ...args, (...all) => resolve(all)),
    );
    return within(answer, `the acknowledgement of ${event}`);
  }

  /** Joins and waits for the answer. */
  async join(challenge) {
    this.emit("join_challenge", { challenge_id: challenge });
    return (await this.next("joined_challenge"))[0];
  }

  /** Resolves once the client has moved to a WebSocket. */
  async upgraded() {
    const { engine } = this.socket.io;
    if (engine.transport.name === "websocket") return;
    await within(new Promise((resolve) => engine.once("upgrade", resolve)), "the upgrade");
  }

  get transport() {
    return this.socket.io.engine.transport.name;
  }

  /** True when `event` was received, ever. */
  has(event) {
    return this.log.includes(event);
  }

  close() {
    open.delete(this);
    this.socket.close();
  }
}
