// chaos/ledger.mjs: what was published, what each client has seen, and whether that is right.
//
//   accepted(room, n)          the gateway has answered 200
//   viewer.saw(eventOf(…))     a client's handler was called
//   faults()                   what is wrong: events lost, shown twice, out of order, altered
//
// Events of a room are numbered by its publisher, who sends the next one when the one before was
// accepted. So a client must see the numbers rise by one, whatever happens in between; but a client that
// is told to load its state anew has all that was accepted until it joined again.

import { createHash } from "node:crypto";

/** The data of a room's n-th event; its text tells whether it is still what was published. */
export function eventOf(room, n) {
  return { n, text: createHash("sha256").update(`${room}/${n}`).digest("base64") };
}

/** What one client is shown of one room. */
class Viewer {
  constructor(name, room, ledger) {
    this.name = name;
    this.room = room;
    this.ledger = ledger;
    this.last = 0;
    this.loaded = 0; // up to here it may have its state from elsewhere
    this.seen = new Set();
    this.lost = [];
    this.twice = [];
    this.disordered = [];
    this.altered = [];
    this.resyncs = [];
  }

  saw(data) {
    const { n } = data;
    if (data.text !== eventOf(this.room, n).text) return void this.altered.push(data);
    if (this.seen.has(n)) return void this.twice.push(n);
    this.seen.add(n);
    if (n < this.last) this.disordered.push(n);
    this.last = Math.max(this.last, n);
  }

  /** It was told to load its state anew: what it missed it may miss. Few faults excuse it. */
  resynced(reason) {
    this.anew = true;
    this.lost.push(...this.missed(this.last)); // nothing excuses a gap
    ++this.ledger.resyncs;
    if (!this.ledger.resyncsExcused) this.resyncs.push(reason);
  }

  /** It is a member. The event that is being published may have come before that, or come again. */
  joined() {
    if (!this.anew) return;
    this.anew = false;
    const accepted = this.ledger.rooms.get(this.room) ?? 0;
    this.loaded = accepted + 1;
    this.last = accepted;
    this.seen.delete(this.loaded);
  }

  /** What it has not seen, up to n. */
  missed(n) {
    const numbers = [];
    for (let i = this.loaded + 1; i <= n; ++i) if (!this.seen.has(i)) numbers.push(i);
    return numbers;
  }
}

export class Ledger {
  constructor() {
    this.rooms = new Map(); // room -> greatest number accepted
    this.viewers = [];
    this.resyncs = 0; // with and without an excuse
    this.resyncsExcused = false;
  }

  /** A client that is a member of `room` from now on, before its first event. */
  viewer(name, room) {
    const viewer = new Viewer(name, room, this);
    this.viewers.push(viewer);
    return viewer;
  }

  accepted(room, n) {
    const last = this.rooms.get(room) ?? 0;
    if (n !== last + 1) throw new Error(`the publisher of ${room} went from ${last} to ${n}`);
    this.rooms.set(room, n);
  }

  /** Events accepted. */
  get published() {
    return [...this.rooms.values()].reduce((sum, n) => sum + n, 0);
  }

  /** Every client has seen the newest event of its room. */
  get current() {
    return this.viewers.every((viewer) => viewer.last >= (this.rooms.get(viewer.room) ?? 0));
  }

  /** {lost, twice, disordered, altered, resyncs}: each a list of what happened to whom. */
  faults() {
    const out = { lost: [], twice: [], disordered: [], altered: [], resyncs: [] };
    for (const viewer of this.viewers) {
      const where = { client: viewer.name, room: viewer.room };
      const lost = [...viewer.lost, ...viewer.missed(this.rooms.get(viewer.room) ?? 0)];
      for (const [kind, found] of Object.entries({ ...viewer, lost })) {
        if (kind in out && found.length > 0) out[kind].push({ ...where, numbers: found });
      }
    }
    return out;
  }
}

/** The faults in one line, with the first of each kind; empty if there are none. */
export function describeFaults(faults) {
  return Object.entries(faults)
    .filter(([, found]) => found.length > 0)
    .map(([kind, found]) => `${kind}: ${found.length} clients, first ${JSON.stringify(found[0])}`)
    .join("; ");
}
