// support/line.mjs: a line between clients and a server, which can be cut or go dead.

import net from "node:net";

export class Line {
  /** Forwards connections to `port` of this machine; each begins with `preface` there. */
  static async to(port, { preface = "" } = {}) {
    const line = new Line();
    line.preface = preface;
    line.pairs = new Set();
    line.server = net.createServer((client) => line.#join(client, port));
    await new Promise((resolve) => line.server.listen(0, "127.0.0.1", resolve));
    line.port = line.server.address().port;
    line.url = `http://127.0.0.1:${line.port}`;
    return line;
  }

  #join(client, port) {
    const server = net.connect(port, "127.0.0.1");
    const pair = { client, server };
    this.pairs.add(pair);
    server.write(this.preface);
    const end = () => {
      this.pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on("error", () => {});
    }
    client.on("data", (bytes) => pair.dead || server.write(bytes));
    server.on("data", (bytes) => pair.dead || client.write(bytes));
    // Neither end of a dead line learns what becomes of the other.
    client.on("close", () => pair.dead || end());
    server.on("close", () => pair.dead || end());
  }

  /** Both ends of every connection see it broken. */
  cut() {
    for (const { client, server } of this.pairs) {
      client.destroy();
      server.destroy();
    }
  }

  /** Nothing passes any more, and no end sees why; connections made later work. */
  goDead() {
    for (const pair of this.pairs) pair.dead = true;
  }

  /** Clients read nothing until resume(). */
  hold() {
    for (const { server } of this.pairs) server.pause();
  }

  resume() {
    for (const { server } of this.pairs) server.resume();
  }

  close() {
    this.goDead();
    for (const { client, server } of this.pairs) {
      client.destroy();
      server.destroy();
    }
    this.server.close();
  }
}
