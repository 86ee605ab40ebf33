// support/network.mjs: a real network to a gateway in a namespace of its own, which can be made bad.

import { fileURLToPath } from "node:url";
import { Program, eventually } from "./process.mjs";

const LOSSY_NETWORK = fileURLToPath(new URL("lossy_network", import.meta.url));

export class Network {
  /** What happens to packets can be repeated with the same `seed`. */
  static async make({ seed = 1 } = {}) {
    const network = new Network();
    network.program = new Program(LOSSY_NETWORK, ["--seed", `${seed}`], { input: true });
    network.answers = 0;
    const { pid, far } = await network.#answer();
    network.host = far;
    network.enter = ["nsenter", `--net=/proc/${pid}/ns/net`];
    return network;
  }

  /** How it is from now on (see lossy_network); resolves with what has happened to packets so far. */
  async become(ways) {
    this.program.child.stdin.write(`${JSON.stringify(ways)}\n`);
    return this.#answer();
  }

  async #answer() {
    const { program } = this;
    const line = await eventually("the network's answer", () => {
      const lines = program.output.split("\n");
      return lines.length > this.answers + 1 && lines[this.answers];
    });
    ++this.answers;
    if (!line.startsWith("{")) throw new Error(`no network: ${program.output.trim()}`);
    return JSON.parse(line);
  }

  stop() {
    return this.program.stop();
  }
}
