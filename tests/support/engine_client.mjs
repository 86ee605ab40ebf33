// support/engine_client.mjs: one Engine.IO session, driven step by step over either transport.

import assert from "node:assert/strict";
import { Socket, fetchText } from "./wire.mjs";

export const SEPARATOR = "\x1e";
export const unknownSession = { status: 400, body: '{"code":1,"message":"Session ID unknown"}' };
export const badRequest = { status: 400, body: '{"code":3,"message":"Bad request"}' };

export function assertAnswer(answer, { status, body }) {
  assert.equal(answer.status, status, answer.body);
  assert.equal(answer.body, body);
}

export class Session {
  /** A session over polling on `path` of `server`, "/engine.io/" or "/socket.io/". */
  static async open(server, path = "/engine.io/") {
    const answer = await fetchText(`${server.http}${path}?EIO=4&transport=polling`);
    assert.equal(answer.status, 200, answer.body);
    return new Session(server, path, JSON.parse(answer.body.slice(1)).sid);
  }

  constructor(server, path, sid) {
    this.sid = sid;
    this.url = `${server.http}${path}?EIO=4&transport=polling&sid=${sid}`;
    this.wsUrl = `${server.ws}${path}?EIO=4&transport=websocket&sid=${sid}`;
  }

  /** GET: waits for packets. */
  poll(options) {
    return fetchText(this.url, options);
  }

  /** GET, and its body must come with 200. */
  async receive() {
    const answer = await this.poll();
    assert.equal(answer.status, 200, answer.body);
    return answer.body;
  }

  post(body, headers = {}) {
    const length = Buffer.byteLength(body);
    const all = {
      "Content-Type": "text/plain;charset=UTF-8",
      "Content-Length": length,
      ...headers,
    };
    return fetchText(this.url, { method: "POST", body, headers: all });
  }

  /** POST, and it must be answered "ok". */
  async send(...packets) {
    const answer = await this.post(packets.join(SEPARATOR));
    assert.equal(answer.status, 200, answer.body);
    assert.equal(answer.body, "ok");
  }

  /** A GET that is on its way: {answer, request}. */
  pending() {
    let request;
    const answer = this.poll({ started: (started) => (request = started) });
    answer.catch(() => {});
    return { answer, request };
  }

  /**
   * A GET that waits at the server. No answer tells that it has arrived, so two ignored packets go
   * behind it: each takes a connection and a round trip of its own.
   */
  async waiting() {
    const get = this.pending();
    await this.send("6");
    await this.send("6");
    return get;
  }

  async assertClosed() {
    assertAnswer(await this.poll(), unknownSession);
  }

  /** The session still echoes over polling (only on /engine.io/). */
  async assertAlive(marker = "alive") {
    await this.send(`4${marker}`);
    assert.equal(await this.receive(), `4${marker}`);
  }

  /** Opens the WebSocket of an upgrade and probes it. */
  async probe() {
    const socket = await Socket.open(this.wsUrl);
    socket.send("2probe");
    assert.equal(await socket.next("3probe"), "3probe");
    return socket;
  }

  async upgrade() {
    const socket = await this.probe();
    socket.send("5");
    return socket;
  }
}
