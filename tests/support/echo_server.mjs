// support/echo_server.mjs: the program that the conformance tests run against.
//
// ECHO_SERVER_BINARY names another program with the same arguments. OUTCRY_TEST_REFERENCE=1 says
// that it is the Node reference behind them: cases in which we differ on purpose are skipped.

import { fileURLToPath } from "node:url";
import { Program, freePort } from "./process.mjs";

export const isReference = process.env.OUTCRY_TEST_REFERENCE === "1";
/** As a test option: { skip: unlessOurs("why") }. */
export const unlessOurs = (why) => isReference && `the reference differs: ${why}`;

const binary =
  process.env.ECHO_SERVER_BINARY ??
  fileURLToPath(new URL("../../out/dev/echo_server", import.meta.url));

/** The heartbeat that the public protocol suites presuppose, and one that never disturbs a test. */
export const QUICK = { pingInterval: 300, pingTimeout: 200 };
export const CALM = { pingInterval: 25_000, pingTimeout: 20_000 };

export class EchoServer {
  static async start({ workers = 1, pingInterval, pingTimeout } = CALM) {
    const port = await freePort();
    const flags = ["--listen", `127.0.0.1:${port}`, "--workers", workers];
    flags.push("--ping-interval-ms", pingInterval, "--ping-timeout-ms", pingTimeout);
    const program = await Program.start(binary, flags.map(String), { ports: [port] });
    return new EchoServer(program, port);
  }

  constructor(program, port) {
    this.program = program;
    this.port = port;
    this.http = `http://127.0.0.1:${port}`;
    this.ws = `ws://127.0.0.1:${port}`;
  }

  stop() {
    return this.program.stop();
  }
}
