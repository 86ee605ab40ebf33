// support/clock.mjs: a wall clock for one program, which can be set; intervals are measured as ever.

import { execFileSync } from "node:child_process";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const LIBRARY = "/usr/$LIB/faketime/libfaketimeMT.so.1"; // of Debian's faketime; the loader knows $LIB

export class Clock {
  static make() {
    const clock = new Clock();
    clock.directory = mkdtempSync(path.join(tmpdir(), "outcry-clock-"));
    clock.file = path.join(clock.directory, "offset");
    clock.env = {
      LD_PRELOAD: LIBRARY,
      FAKETIME_TIMESTAMP_FILE: clock.file,
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      FAKETIME_NO_CACHE: "1", // what is set is seen at once
    };
    clock.set(0);
    return clock;
  }

  /** It is `hours` ahead of the machine's from now on; below zero: behind. */
  set(hours) {
    const seconds = Math.round(hours * 3600);
    writeFileSync(`${this.file}.new`, `${seconds < 0 ? "" : "+"}${seconds}\n`);
    renameSync(`${this.file}.new`, this.file); // never half of it
    const read = execFileSync("date", ["+%s"], { env: { ...process.env, ...this.env } });
    const off = Number(read) - Date.now() / 1000 - seconds;
    if (Math.abs(off) > 60) throw new Error("no clock: is Debian's faketime installed?");
  }

  async stop() {
    rmSync(this.directory, { recursive: true });
  }
}
