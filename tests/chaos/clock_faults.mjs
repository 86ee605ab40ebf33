// chaos/clock_faults.mjs: the wall clock is set while events flow, each as (scene) => Promise.

import { setTimeout as sleep } from "node:timers/promises";

/** Sets it to an hour in `direction`, and to what it was after what happens meanwhile. */
async function thereAndBack({ clock, random }, direction, during) {
  clock.set(direction * (1 + 11 * random()));
  await during();
  clock.set(0);
}

/** Killed once something has been written at that hour. */
async function killLater({ gateway, random }) {
  await sleep(300 + 500 * random());
  await gateway.kill();
  await gateway.restart();
}

export const clockFaults = {
  forward: (scene) => thereAndBack(scene, 1, () => sleep(500)),
  back: (scene) => thereAndBack(scene, -1, () => sleep(500)),
  "forward-kill": (scene) => thereAndBack(scene, 1, () => killLater(scene)),
  "back-kill": (scene) => thereAndBack(scene, -1, () => killLater(scene)),

  /** While nobody runs that could see it. */
  async "back-while-down"(scene) {
    await scene.gateway.kill();
    await thereAndBack(scene, -1, () => scene.gateway.restart());
  },
};
