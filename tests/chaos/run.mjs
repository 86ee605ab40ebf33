#!/usr/bin/env node
// Faults under load, one after the other, and a verdict: events of class `must` lost, shown twice,
// out of order or altered. Ends with 0 if there are none.
//   node tests/chaos/run.mjs [--faults kill,cut,…] [--rounds N] [--clients N] [--users N] [--pause MS] [--seed N]
// Each room has its own publisher, which waits about --pause ms between two events.

import { parseArgs } from "node:util";
import { placeOf, places } from "./faults.mjs";
import { describeFaults } from "./ledger.mjs";
import { Scene } from "./scene.mjs";

const { values } = parseArgs({
  options: {
    faults: { type: "string", default: Object.keys(places.line).join(",") },
    rounds: { type: "string", default: "20" },
    clients: { type: "string", default: "100" },
    users: { type: "string", default: "50" },
    pause: { type: "string", default: "500" },
    seed: { type: "string", default: "1" },
  },
});
const names = values.faults.split(",");
const place = placeOf(names);
if (!place) {
  console.error(`no place where all of these happen: ${values.faults}; there are`);
  for (const [name, faults] of Object.entries(places)) {
    console.error(`  ${name}: ${Object.keys(faults).join(",")}`);
  }
  process.exit(2);
}

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];

const scene = await Scene.start({
  place,
  clients: Number(values.clients),
  users: Number(values.users),
  pause: Number(values.pause),
  seed: Number(values.seed),
});
const times = new Map(names.map((name) => [name, []]));
const started = performance.now();
try {
  for (let round = 0; round < Number(values.rounds); ++round) {
    const name = names[round % names.length];
    const { ms, reconnected } = await scene.suffer(name);
    times.get(name).push(ms);
    const line = `${round + 1}/${values.rounds} ${name}: ${reconnected} clients back after ${ms.toFixed(0)} ms`;
    console.log(`${line}; ${scene.ledger.published} events so far`);
  }
  const found = await scene.finish();
  const seconds = (performance.now() - started) / 1000;
  console.log(`\n${scene.ledger.published} events to ${values.clients} clients in ${seconds.toFixed(0)} s`);
  console.log(`${scene.recoveries} recoveries, ${scene.ledger.resyncs} times told to load anew`);
  if (scene.network) console.log(`packets: ${JSON.stringify(await scene.network.become({}))}`);
  for (const [name, all] of times) {
    const sorted = all.sort((a, b) => a - b);
    const [p50, p99] = [0.5, 0.99].map((q) => quantile(sorted, q)?.toFixed(0));
    console.log(`${name}: ${all.length} times; last client back after p50 ${p50} ms, p99 ${p99} ms`);
  }
  const words = Object.entries(found).map(([kind, all]) => `${kind} ${all.length}`);
  console.log(`clients with a fault: ${words.join(", ")}; false alarms of a gap: ${scene.gaps}`);
  if (describeFaults(found)) console.log(describeFaults(found));
  process.exitCode = describeFaults(found) || scene.gaps > 0 ? 1 : 0;
} finally {
  await scene.close();
}
