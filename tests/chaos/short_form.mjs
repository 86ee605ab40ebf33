// chaos/short_form.mjs: run.mjs as a part of ./test: each fault of a place, and the verdict.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { describeFaults } from "./ledger.mjs";
import { Scene } from "./scene.mjs";

/**
 * Few clients at `place` suffer each of `faults` so many `times`; then `verify(scene)` may look at what
 * else has happened.
 */
export function sufferShortly(place, faults, { times = 1, recoveries = 1, verify = () => {} } = {}) {
  describe(`clients of a gateway to which something happens (${place})`, () => {
    let scene;
    before(async () => {
      scene = await Scene.start({ place, clients: 30, users: 10, pause: 100, seed: 7 });
    });
    after(() => scene?.close());

    for (const name of Object.keys(faults)) {
      it(`get over it: ${name}`, async () => {
        for (let i = 0; i < times; ++i) await scene.suffer(name);
      });
    }

    it("have lost nothing, and seen nothing twice, out of order or altered", async () => {
      const found = await scene.finish();
      assert.ok(scene.ledger.published > 100, `only ${scene.ledger.published} events`);
      assert.ok(scene.recoveries >= recoveries, `only ${scene.recoveries} recoveries`);
      assert.equal(describeFaults(found), "");
      assert.equal(scene.gaps, 0, "an alarm that is false");
      await verify(scene);
    });
  });
}
