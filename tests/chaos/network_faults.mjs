// chaos/network_faults.mjs: what goes wrong between clients and publishers on one side and the gateway
// on the other, packet by packet, each as (scene) => Promise.

import { setTimeout as sleep } from "node:timers/promises";

/** The network is like that for some seconds, `during` something else perhaps. */
async function suffer({ network, random }, ways, during = async () => {}) {
  await network.become(ways);
  await sleep(500 + 1_500 * random());
  await during();
  await network.become({});
}

const BAD = { loss: 0.05, repeats: 0.05, delay_ms: 5, jitter_ms: 40 };

export const networkFaults = {
  /** One packet in five, at worst, is gone. */
  loss: (scene) => suffer(scene, { loss: 0.05 + 0.15 * scene.random() }),

  /** Each packet is late, some more than those behind them. */
  reorder: (scene) => suffer(scene, { delay_ms: 10, jitter_ms: 20 + 80 * scene.random() }),

  /** One in three comes twice, not at once. */
  repeat: (scene) => suffer(scene, { repeats: 0.3, jitter_ms: 10 }),

  /** There is less of it than is sent: a queue grows, then overflows. */
  narrow: (scene) => suffer(scene, { bytes_per_s: 30_000 }),

  /** All of this at once. */
  bad: (scene) => suffer(scene, { ...BAD, bytes_per_s: 200_000 }),

  /** Nothing arrives, in neither direction; for some seconds, so that a part of them is given up. */
  async partition({ network, random }) {
    await network.become({ loss: 1 });
    await sleep(1_000 + 6_000 * random());
    await network.become({});
  },

  /** The process is killed while its network is bad: who is told, and when, is chance. */
  "bad-kill": (scene) =>
    suffer(scene, BAD, async () => {
      await scene.gateway.kill();
      await scene.gateway.restart();
    }),
};
