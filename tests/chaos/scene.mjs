// chaos/scene.mjs: one gateway with a log on disk, its clients and publishers, and faults one after
// the other; each is over when every client has seen everything.
//
//   place "line"      clients ─▶ a Line ─▶ gateway
//   place "network"   clients, publishers ─▶ a Network ─▶ gateway in a namespace of its own
//   place "disk"      as "line", with the log on a small disk of its own
//   place "clock"     as "line", with a wall clock of its own

import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Clock } from "../support/clock.mjs";
import { Disk } from "../support/disk.mjs";
import { Gateway } from "../support/gateway.mjs";
import { Line } from "../support/line.mjs";
import { Network } from "../support/network.mjs";
import { eventually, stopAll } from "../support/process.mjs";
import { DAMAGE } from "./disk_faults.mjs";
import { places } from "./faults.mjs";
import { Ledger } from "./ledger.mjs";
import { Population, makeTraders } from "./population.mjs";
import { makeRandom } from "./random.mjs";

const PATIENCE_MS = 60_000;

export class Scene {
  static async start({ place = "line", clients, users, pause, seed, config = {} }) {
    const scene = new Scene();
    scene.faults = places[place];
    scene.gaps = 0;
    scene.random = makeRandom(seed);
    scene.ledger = new Ledger();
    if (place === "network") scene.network = await Network.make({ seed });
    if (place === "disk") scene.disk = await Disk.make();
    if (place === "clock") scene.clock = Clock.make();
    scene.gateway = await Gateway.start({
      people: makeTraders(users),
      network: scene.network,
      clock: scene.clock,
      config: {
        // A dead line is noticed within seconds.
        engine: { ping_interval_ms: 2_000, ping_timeout_ms: 3_000, ...config.engine },
        auth: { age_max_s: 0 }, // clients keep their token for hours of a clock that is set
        limits: { address_sockets_max: 20_000, ...config.limits },
      },
    });
    scene.logFile = path.join((scene.disk ?? scene.gateway).directory, "log.db");
    scene.gateway.configure({ eventlog: { path: scene.logFile, ...config.eventlog } });
    await scene.gateway.program.stop();
    await scene.gateway.restart();
    if (!scene.network) scene.line = await Line.to(scene.gateway.port);
    scene.population = new Population(scene.gateway, scene.ledger, {
      clients,
      url: scene.line?.url,
      pause,
      seed,
    });
    await scene.population.join();
    scene.population.publish();
    return scene;
  }

  /** Lets `name` happen at a random moment; returns the ms until all clients were there again. */
  async suffer(name) {
    await sleep(200 + 800 * this.random());
    const { traders } = this.population;
    const before = traders.map((trader) => trader.connectedAt);
    this.ledger.resyncsExcused = DAMAGE.has(name);
    await this.faults[name](this);
    const over = performance.now();
    const all = [...this.ledger.rooms.keys()];
    const marks = new Map(all.map((room) => [room, this.ledger.rooms.get(room)]));
    await eventually(
      `every client has what was published before the end of ${name}`,
      () => {
        if (this.population.failure) throw this.population.failure;
        return traders.every(({ socket, viewer }) =>
          socket.connected && viewer.last >= (marks.get(viewer.room) ?? 0));
      },
      PATIENCE_MS,
    );
    await this.countGaps();
    const reconnected = traders.filter((trader, i) => trader.connectedAt !== before[i]);
    const last = Math.max(over, ...reconnected.map((trader) => trader.connectedAt));
    return { ms: last - over, reconnected: reconnected.length };
  }

  /** Ends publishing; returns the ledger's faults once nothing is on its way any more. */
  async finish() {
    await this.population.stopPublishing();
    await eventually("every client is current", () => this.ledger.current, PATIENCE_MS).catch(() => {});
    await this.countGaps();
    return this.ledger.faults();
  }

  /** Holes that the gateway believed to see in what its workers were sent: by construction none. */
  async countGaps() {
    this.gaps = Math.max(this.gaps, (await this.gateway.metrics()).get("outcry_gaps_total"));
  }

  get recoveries() {
    return this.population.traders.reduce((sum, trader) => sum + trader.recoveries, 0);
  }

  async close() {
    this.population.close();
    this.line?.close();
    await stopAll(this.gateway, this.network, this.disk, this.clock);
  }
}
