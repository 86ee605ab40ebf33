// support/disk.mjs: a small disk of a test's own, which can be full, or break.

import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Program, eventually } from "./process.mjs";

const SMALL_DISK = fileURLToPath(new URL("small_disk", import.meta.url));

export class Disk {
  static async make({ mebibytes = 64 } = {}) {
    const disk = new Disk();
    disk.directory = mkdtempSync(path.join(tmpdir(), "outcry-disk-"));
    disk.program = new Program(SMALL_DISK, [disk.directory, `${mebibytes}`], { input: true });
    const { program } = disk;
    await eventually("the disk is mounted", () => program.output.includes("ready") || program.how);
    if (program.how === undefined) return disk;
    rmSync(disk.directory, { recursive: true });
    throw new Error(`no disk: ${program.output.trim()}`);
  }

  get #filler() {
    return path.join(this.directory, "filler");
  }

  /** Takes all that is left, to the last byte. */
  fill() {
    const file = openSync(this.#filler, "w");
    for (let bytes = 1 << 20; bytes >= 1; bytes >>= 1) {
      try {
        for (;;) if (writeSync(file, Buffer.alloc(bytes)) < bytes) break;
      } catch (error) {
        if (error.code !== "ENOSPC") throw error;
      }
    }
    closeSync(file);
  }

  free() {
    rmSync(this.#filler);
  }

  /** As after an error of the device: from now on it can only be read, by whoever has files open too. */
  becomeReadOnly() {
    execFileSync("mount", ["-o", "remount,abort", this.directory]);
  }

  /** What an administrator does about that; nobody may have files open. */
  repair() {
    execFileSync("umount", [this.directory]);
    // 1: there was something to repair, and it is
    execFileSync("sh", ["-c", 'e2fsck -fp "$1" || [ $? = 1 ]', "sh", `${this.directory}.image`]);
    execFileSync("mount", ["-o", "loop", `${this.directory}.image`, this.directory]);
  }

  async stop() {
    await this.program.stop();
    rmSync(this.directory, { recursive: true });
  }
}
