// abuse/support/target.mjs: a gateway under attack, and the client who must not notice.
//
//   withstand(() => target, [[name, answer, ...input], …], send)
//
// declares one test a row. Each sends its input, compares what came back with the row's answer, and
// then asks three things: the process is the one that was started, the canary's connection is the
// one that was made, and an event that is published now reaches it, in order.

import assert from "node:assert/strict";
import { after, it } from "node:test";
import { Client } from "../../support/clients.mjs";
import { Gateway, roomOf, tokenOf } from "../../support/gateway.mjs";
import { stopAll } from "../../support/process.mjs";
import { NodePublisher, RedisServer } from "../../support/redis.mjs";
import { RawSocket, textFrame } from "./raw_socket.mjs";

export class Target {
  /**
   * `config` as Gateway takes it; `withRedis` gives it a Redis and a publisher; `claims` are laid
   * over the canary's token, or `token(user)` makes it; `line(gateway)` resolves with what the canary
   * connects through, and `client` are its options.
   */
  static async start({ withRedis = false, claims, token, line, client, ...options } = {}) {
    const target = new Target();
    if (withRedis) target.redis = await RedisServer.start();
    target.gateway = await Gateway.start({ redis: target.redis, ...options });
    Object.assign(target, target.gateway.people);
    target.port = target.gateway.port;
    target.line = await line?.(target.gateway);
    await target.gateway.untilReady();
    if (withRedis) target.publisher = await NodePublisher.connect(target.redis);
    const shown = token?.(target.ann.user) ?? tokenOf(target.ann.user, claims);
    target.canary = await Client.connect(target.line ?? target.gateway, shown, client);
    await target.canary.join(target.ann.challenge);
    target.published = 0;
    target.process = target.gateway.program.child.pid;
    return target;
  }

  /** Publishes one more event for the canary, and waits until it has it. */
  async serveCanary() {
    const number = (this.published += 1);
    await this.gateway.publish(roomOf(this.ann.challenge), "canary", number);
    assert.deepEqual(await this.canary.next("canary"), [number]);
  }

  /** Throws unless the process lives, and the canary is connected as ever and served. */
  async assertUnharmed() {
    assert.equal(this.gateway.program.how, undefined, this.gateway.program.output);
    assert.equal(this.gateway.program.child.pid, this.process);
    await this.serveCanary();
    assert.equal(this.canary.disconnects.size, 0, "the canary was disconnected");
  }

  /** A WebSocket that has connected as `user`, by default one who owns nothing of the canary's. */
  async connected(user = this.bob.user, options = {}) {
    const socket = await RawSocket.open(this.port, options);
    await socket.next();
    socket.send(textFrame(`40${JSON.stringify({ token: tokenOf(user) })}`));
    assert.match(await socket.next(), /^40\{"sid"/);
    return socket;
  }

  async stop() {
    this.canary?.close();
    await stopAll(this.publisher, this.gateway, this.redis);
    this.line?.close();
  }
}

let count = 0;

/** Declares a test for each row: [name, the answer that is right, …what `send` takes]. */
export function withstand(targetOf, rows, send) {
  for (const [name, answer, ...input] of rows) {
    count += 1;
    it(`${name}: ${JSON.stringify(answer)}`, async () => {
      const target = targetOf();
      assert.deepEqual(await send(target, ...input), answer);
      await target.assertUnharmed();
    });
  }
}

/** Prints how many inputs this file has; `./test` adds them up. */
export function tellCount(area) {
  after(() => console.log(`${area}: ${count} hostile inputs`));
}
