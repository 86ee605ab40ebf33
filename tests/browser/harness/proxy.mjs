// A proxy as some networks have one: it forwards HTTP and refuses to switch to WebSocket.

import { once } from "node:events";
import { Agent, createServer, request } from "node:http";

export class NoWebSocketProxy {
  #server;
  #agent = new Agent({ keepAlive: true });
  refusedUpgrades = 0;

  constructor(targetPort) {
    this.#server = createServer((incoming, outgoing) =>
      this.#forward(targetPort, incoming, outgoing),
    );
    this.#server.on("upgrade", (_, socket) => {
      this.refusedUpgrades += 1;
      socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    });
  }

  async listen(port) {
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
  }

  close() {
    this.#server.close();
    this.#server.closeAllConnections();
    this.#agent.destroy();
  }

  #forward(port, incoming, outgoing) {
    const { method, url: path, headers } = incoming;
    const options = { host: "127.0.0.1", port, method, path, headers, agent: this.#agent };
    const forwarded = request(options, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on("error", () => outgoing.destroy());
    outgoing.on("close", () => forwarded.destroy());
    incoming.pipe(forwarded);
  }
}
