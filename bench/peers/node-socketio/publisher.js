// A back end inside the server: publishes what it is told on standard input, and answers each line by a line of JSON.
//
//   publish room|random RATE BURST FROM TO
//     room: every event to challenge 0; random: to a random one. RATE events/s, 0: as fast as can be without a queue
//     that grows. BURST events in one turn of the loop. Ends at TO, counts apart what is stamped in [FROM, TO), in
//     nanoseconds of CLOCK_MONOTONIC.
//   quit
"use strict";

const { createInterface } = require("node:readline");
const { performance } = require("node:perf_hooks");

const EVENT = "equity_updated";
const INDEX_DIGITS = 7;
const STAMP_DIGITS = 19;
const RANDOM_BATCH = 256; // events in a turn, when as fast as can be
const NS_PER_MS = 1e6;

const challengeId = (index) => `bench-${String(index).padStart(INDEX_DIGITS, "0")}`;
const roomOf = (index) => `challenge_${challengeId(index)}`;

/** Takes commands for `io` until the input ends. `payload`: what an event carries; `rooms`: how many challenges. */
function takeCommands(io, payload, rooms) {
  const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
  const input = createInterface({ input: process.stdin });
  input.on("line", async (line) => {
    const [command, where, ...numbers] = line.trim().split(/\s+/);
    if (command === "quit") process.exit(0);
    const [rate, burst, from, to] = numbers.map(Number);
    if (command !== "publish" || !["room", "random"].includes(where) || !(rate >= 0 && burst > 0 && from < to)) {
      say({ error: "publish room|random RATE BURST FROM TO" });
      return;
    }
    const publisher = new Publisher(io, payload, rooms, where === "room");
    say(await publisher.publish(rate, burst, BigInt(from), BigInt(to)));
  });
  input.on("close", () => process.exit(0));
}

class Publisher {
  constructor(io, payload, rooms, oneRoom) {
    this.io = io;
    this.payload = payload;
    this.rooms = rooms;
    this.oneRoom = oneRoom;
    this.sent = 0;
    this.sentInWindow = 0;
    this.deliveries = 0;
    this.newest = 0n;
    this.lastWritten = null; // the socket that is written last of all that were published to
    this.window = [0n, 0n];
  }

  publish(rate, burst, from, to) {
    this.window = [from, to];
    const cpu = process.cpuUsage();
    const start = performance.now();
    const end = start + Number(to - process.hrtime.bigint()) / NS_PER_MS;
    const report = () => {
      const seconds = (performance.now() - start) / 1000;
      const used = process.cpuUsage(cpu);
      return {
        sent: this.sent, sent_in_window: this.sentInWindow, seconds, per_second: this.sent / seconds,
        deliveries: this.deliveries, cpu: (used.user + used.system) / 1e6 / seconds,
      };
    };
    return new Promise((resolve) => {
      const turn = () => {
        const now = performance.now();
        if (now >= end) return resolve(report());
        if (rate === 0) {
          if (this.isWritten()) this.emit(this.oneRoom ? burst : RANDOM_BATCH);
          return setImmediate(turn);
        }
        const due = (rate * (now - start)) / 1000 - this.sent;
        if (due >= burst) this.emit(burst);
        // A timer is late by up to a millisecond: the last part of the wait is made of turns.
        const wait = ((burst - due) / rate) * 1000;
        return wait > 2 ? setTimeout(turn, wait - 1.5) : setImmediate(turn);
      };
      turn();
    });
  }

  emit(count) {
    for (let i = 0; i < count; i += 1) this.emitTo(this.oneRoom ? 0 : Math.floor(Math.random() * this.rooms));
  }

  emitTo(index) {
    const room = roomOf(index);
    const members = this.io.sockets.adapter.rooms.get(room);
    const stamp = this.stamp();
    this.io.to(room).emit(EVENT, { ...this.payload, challenge_id: challengeId(index), executed_at_ns: stamp });
    this.sent += 1;
    this.deliveries += members?.size ?? 0;
    if (members !== undefined && !(this.oneRoom && this.lastWritten)) this.lastWritten = this.lastOf(members);
  }

  /** Never the same time twice, so that a receiver can tell a doubled or late event. */
  stamp() {
    const now = process.hrtime.bigint();
    this.newest = now > this.newest ? now : this.newest + 1n;
    if (this.newest >= this.window[0] && this.newest < this.window[1]) this.sentInWindow += 1;
    return String(this.newest).padStart(STAMP_DIGITS, "0");
  }

  lastOf(members) {
    let last;
    for (last of members);
    return this.io.sockets.sockets.get(last);
  }

  /** Whether the last event has left the engine and the library below it; the kernel takes it before that. */
  isWritten() {
    const connection = this.lastWritten?.conn;
    return !connection || (connection.writeBuffer.length === 0 && connection.transport.writable);
  }
}

module.exports = { takeCommands };
