// support/wire.mjs: HTTP and WebSocket as the Engine.IO tests want them.
//
// Each HTTP request uses a TCP connection of its own: with several workers it arrives at any of
// them, as it would behind a load balancer. Nothing is parsed for the caller: bodies are text.

import { once } from "node:events";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import WebSocket from "ws";

const PATIENCE_MS = 10_000;
const TICK_MS = 100;

/**
 * Rejects with `what` when `promise` has not settled in time. The time is counted in ticks: while
 * the whole machine stands still, as virtual ones do at times, only one of them passes.
 */
export function within(promise, what, ms = PATIENCE_MS) {
  let timer;
  const late = new Promise((_, reject) => {
    let left = Math.ceil(ms / TICK_MS);
    timer = setInterval(
      () => {
        if (--left <= 0) reject(new Error(`${what}: nothing within ${ms} ms`));
      },
      Math.min(ms, TICK_MS),
    );
  });
  return Promise.race([promise, late]).finally(() => clearInterval(timer));
}

/** Things that arrive, to be taken one by one. */
export class Inbox {
  #items = [];
  #takers = [];

  put(item) {
    const taker = this.#takers.shift();
    if (taker) taker(item);
    else this.#items.push(item);
  }

  async take(what = "a message", ms = PATIENCE_MS) {
    if (this.#items.length > 0) return this.#items.shift();
    const taken = new Promise((resolve) => this.#takers.push(resolve));
    return ms === Infinity ? taken : within(taken, what, ms);
  }

  get size() {
    return this.#items.length;
  }

  /** What has arrived and was not taken. */
  peek() {
    return [...this.#items];
  }
}

/**
 * One HTTP request on its own connection: {status, headers, body}. `request.sent` in the options is
 * called with the request object, for tests that cut it off.
 */
export function fetchText(url, { method = "GET", headers = {}, body, started, ...tls } = {}) {
  const { request: ask } = String(url).startsWith("https:") ? https : http;
  const request = ask(url, { method, headers, agent: false, ...tls });
  const answer = new Promise((resolve, reject) => {
    request.on("response", (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const { statusCode: status, headers: answered } = response;
        resolve({ status, headers: answered, body: Buffer.concat(chunks).toString() });
      });
    });
    request.on("error", reject);
    started?.(request);
    request.end(body);
  });
  // One without an answer would keep the test's process from ending.
  return within(answer, `${method} ${url}`, 10_000).finally(() => request.destroy());
}

/** Sends octets on a fresh TCP connection; resolves with all that came back when the peer ends. */
export async function exchangeRaw(port, octets, { halfClose = false, ms = PATIENCE_MS } = {}) {
  const socket = net.connect(port, "127.0.0.1");
  const chunks = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  socket.on("error", () => {}); // a reset ends the connection as well as a FIN
  socket.write(octets);
  if (halfClose) socket.end();
  try {
    const closed = new Promise((resolve) => socket.once("close", resolve)); // once() would reject
    await within(closed, "the end of the connection", ms);
  } finally {
    socket.destroy();
  }
  return Buffer.concat(chunks).toString("latin1");
}

/** The status code of a raw HTTP answer; 0 when there was none. */
export function statusOf(answer) {
  return Number(/^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1] ?? 0);
}

/** A WebSocket whose messages and end are taken one by one. */
export class Socket {
  static async open(url, options = {}) {
    const socket = new Socket(url, options);
    await within(socket.opened, `the opening of ${url}`);
    return socket;
  }

  constructor(url, options = {}) {
    this.messages = new Inbox();
    this.ws = new WebSocket(url, { perMessageDeflate: false, ...options });
    this.ws.on("message", (data, isBinary) => this.messages.put(isBinary ? data : data.toString()));
    this.ws.on("error", () => {});
    this.closed = new Promise((resolve) => this.ws.once("close", (code) => resolve(code)));
    this.opened = new Promise((resolve, reject) => {
      this.ws.once("open", resolve);
      this.ws.once("error", reject);
    });
    this.opened.catch(() => {}); // whoever cares awaits it
  }

  send(data) {
    this.ws.send(data);
  }

  next(what) {
    return this.messages.take(what);
  }

  /** The close code, once the connection has ended. */
  end(what = "the end of the WebSocket") {
    return within(this.closed, what);
  }

  drop() {
    this.ws.terminate();
  }
}

/** An upgrade request that must be refused: {status, headers, body}. */
export async function refusedUpgrade(url) {
  const ws = new WebSocket(url, { perMessageDeflate: false });
  ws.on("error", () => {});
  const opened = once(ws, "open").then(() => {
    ws.terminate();
    throw new Error(`${url} was upgraded`);
  });
  opened.catch(() => {});
  const refused = once(ws, "unexpected-response").then(async ([, response]) => {
    let body = "";
    response.setEncoding("utf8");
    for await (const text of response) body += text;
    return { status: response.statusCode, headers: response.headers, body };
  });
  return within(Promise.race([opened, refused]), `the refusal of ${url}`);
}
