// chaos/faults.mjs: what goes wrong and where, each as (scene) => Promise. A fault that is over leaves a
// gateway that runs; whether its clients get over it is for the ledger to say.

import { randomBytes } from "node:crypto";
import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { clockFaults } from "./clock_faults.mjs";
import { diskFaults } from "./disk_faults.mjs";
import { networkFaults } from "./network_faults.mjs";

/** Of the process: wherever it runs. */
const processFaults = {
  /** The process is gone, and started again. */
  async kill({ gateway }) {
    await gateway.kill();
    await gateway.restart();
  },

  /** Twice: the second time while clients are coming back. */
  async "kill-again"({ gateway, random }) {
    await gateway.kill();
    await gateway.restart();
    await sleep(800 * random());
    await gateway.kill();
    await gateway.restart();
  },

  /** As `kill`, and the write that it was at has reached the disk in part. */
  async torn({ gateway, logFile }) {
    await gateway.kill();
    appendFileSync(`${logFile}-wal`, randomBytes(5_000));
    await gateway.restart();
  },

  /** An upgrade: told to end, ends, and is started again. */
  async restart({ gateway }) {
    await gateway.program.stop();
    await gateway.restart();
  },

  /** The machine does something else for a while. */
  async freeze({ gateway, random }) {
    gateway.program.child.kill("SIGSTOP");
    await sleep(500 + 2_000 * random());
    gateway.program.child.kill("SIGCONT");
  },
};

/** Of connections through a Line. */
const lineFaults = {
  /** Every connection breaks, and both ends see it. */
  async cut({ line }) {
    line.cut();
  },

  /** Half-open: nothing arrives any more, and nobody is told. */
  async dead({ line }) {
    line.goDead();
  },

  /** Readers stop reading: the kernel's buffers fill, then the gateway's. */
  async slow({ line, random }) {
    line.hold();
    await sleep(1_000 + 2_000 * random());
    line.resume();
  },
};

/** Where a gateway can be, and what can happen to it there. */
export const places = {
  line: { ...processFaults, ...lineFaults },
  network: { ...networkFaults, ...processFaults },
  disk: { ...diskFaults, ...processFaults },
  clock: { ...clockFaults, ...processFaults },
};

/** The place where all of these can happen; undefined if there is none. */
export function placeOf(names) {
  return Object.keys(places).find((place) => names.every((name) => name in places[place]));
}
