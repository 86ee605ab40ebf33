// chaos/ledger.mjs: what was published, what each client has seen, and whether that is right.
//
//   accepted(room, n)          the gateway has answered 200
//   viewer.saw(n)              a client's handler was called
//   faults()                   what is wrong: events lost, shown twice, out of order
//
// Events of a room are numbered by its publisher, who sends the next one when the one before was
// accepted. So a client must see the numbers rise by one, whatever happens in between.

/** What one client is shown of one room. */
class Viewer {
  constructor(name, room) {
    this.name = name;
    this.room = room;
    this.last = 0;
    this.seen = new Set();
    this.twice = [];
    this.disordered = [];
    this.resyncs = [];
  }

  saw(n) {
    if (this.seen.has(n)) return void this.twice.push(n);
    this.seen.add(n);
    if (n < this.last) this.disordered.push(n);
    this.last = Math.max(this.last, n);
  }

  /** It was told to load its state anew: what it missed it may miss. None of our faults excuses it. */
  resynced(reason) {
    this.resyncs.push(reason);
  }
}

export class Ledger {
  constructor() {
    this.rooms = new Map(); // room -> greatest number accepted
    this.viewers = [];
  }

  /** A client that is a member of `room` from now on, before its first event. */
  viewer(name, room) {
    const viewer = new Viewer(name, room);
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

  /** {lost, twice, disordered, resyncs}: each a list of what happened to whom. */
  faults() {
    const out = { lost: [], twice: [], disordered: [], resyncs: [] };
    for (const viewer of this.viewers) {
      const where = { client: viewer.name, room: viewer.room };
      const lost = [];
      for (let n = 1; n <= (this.rooms.get(viewer.room) ?? 0); ++n) {
        if (!viewer.seen.has(n)) lost.push(n);
      }
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
