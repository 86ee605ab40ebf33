// chaos/disk_faults.mjs: what goes wrong with the disk that the log is on, each as (scene) => Promise.

import { closeSync, existsSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../support/process.mjs";

const PAGE = 4_096;
const WAL_HEADER = 32;
const FRAME = 24 + PAGE; // SQLite's WAL is frames: a header, whose second half begins with the salt, and a page

/** Resolves when the gateway knows that it can't write, or can again. */
function untilFailing({ gateway }, failing) {
  const asked = async () => (await gateway.metrics()).get("outcry_log_failing") === Number(failing);
  return eventually(`the log ${failing ? "can't be" : "is"} written`, asked, 30_000);
}

/**
 * Where a page lies that was written to the WAL some commits before the last one, which nobody may have
 * seen yet; behind that its file keeps older ones.
 */
function latePageOfWal(file) {
  const header = Buffer.alloc(WAL_HEADER);
  readSync(file, header, 0, WAL_HEADER, 0);
  const salt = header.subarray(16, 24);
  const head = Buffer.alloc(24);
  let at = WAL_HEADER;
  for (; readSync(file, head, 0, 24, at) === 24 && salt.equals(head.subarray(8, 16)); at += FRAME);
  return at - PAGE - 12 * FRAME;
}

/** Changes some octets of the page at `where(file)`; false if there is none. */
function flip(path, where, random) {
  if (!existsSync(path)) return false;
  const file = openSync(path, "r+");
  try {
    const page = where(file);
    if (page < WAL_HEADER) return false;
    for (let i = 0; i < 8; ++i) {
      const at = page + Math.floor(PAGE * random());
      const octet = Buffer.alloc(1);
      readSync(file, octet, 0, 1, at);
      octet[0] ^= 1 + Math.floor(255 * random());
      writeSync(file, octet, 0, 1, at);
    }
    return true;
  } finally {
    closeSync(file);
  }
}

/** What clients lack when they come back is in what is damaged. */
async function damage({ gateway, line, random }, end, harm) {
  line.goDead();
  await sleep(200 + 600 * random());
  await end(gateway);
  harm();
  line.cut();
  await gateway.restart();
}

export const diskFaults = {
  /** It is full, to the last octet; then it isn't any more. */
  async full(scene) {
    scene.disk.fill();
    await untilFailing(scene, true);
    await sleep(500);
    scene.disk.free();
    await untilFailing(scene, false);
  },

  /** It has an error and can only be read from then on; the gateway runs until somebody repairs it. */
  async "read-only"(scene) {
    scene.disk.becomeReadOnly();
    await untilFailing(scene, true);
    await sleep(500);
    if (scene.random() < 0.5) await scene.gateway.kill();
    else await scene.gateway.program.stop();
    scene.disk.repair();
    await scene.gateway.restart();
  },

  /** While the process is down, octets change in what was written last. */
  "damaged-wal": (scene) =>
    damage(
      scene,
      (gateway) => gateway.kill(),
      () => flip(`${scene.logFile}-wal`, latePageOfWal, scene.random),
    ),

  /** The same in the last page of the database, which a clean end has moved everything to. */
  "damaged-page": (scene) =>
    damage(
      scene,
      (gateway) => gateway.program.stop(),
      () => flip(scene.logFile, (file) => fstatSync(file).size - PAGE, scene.random),
    ),
};

/** After these clients may be told to load their state anew: what was written can't be known any more. */
export const DAMAGE = new Set(["damaged-wal", "damaged-page"]);
