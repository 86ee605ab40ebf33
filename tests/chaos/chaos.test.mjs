// The short form of run.mjs: each fault twice, and the ledger's own errors.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { faults } from "./faults.mjs";
import { Ledger, describeFaults } from "./ledger.mjs";
import { Scene } from "./scene.mjs";

describe("the ledger", () => {
  const withFive = () => {
    const ledger = new Ledger();
    const viewer = ledger.viewer("one", "room");
    for (let n = 1; n <= 5; ++n) ledger.accepted("room", n);
    return { ledger, viewer };
  };
  const see = (viewer, ...numbers) => numbers.forEach((n) => viewer.saw(n));

  it("finds nothing where nothing is wrong", () => {
    const { ledger, viewer } = withFive();
    see(viewer, 1, 2, 3, 4, 5);
    assert.equal(describeFaults(ledger.faults()), "");
    assert.ok(ledger.current);
  });

  for (const [kind, numbers, wrong] of [
    ["lost", [1, 2, 4, 5], [3]],
    ["lost", [1, 2, 3, 4], [5]],
    ["twice", [1, 2, 3, 3, 4, 5], [3]],
    ["disordered", [1, 2, 4, 3, 5], [3]],
  ]) {
    it(`finds ${wrong} ${kind} in ${numbers}`, () => {
      const { ledger, viewer } = withFive();
      see(viewer, ...numbers);
      const found = ledger.faults();
      assert.deepEqual(found[kind], [{ client: "one", room: "room", numbers: wrong }]);
    });
  }

  it("finds a client that was told to start anew", () => {
    const { ledger, viewer } = withFive();
    see(viewer, 1, 2, 3, 4, 5);
    viewer.resynced("expired");
    assert.notEqual(describeFaults(ledger.faults()), "");
  });
});

describe("clients of a gateway to which something happens", () => {
  let scene;
  before(async () => {
    scene = await Scene.start({ clients: 30, users: 10, pause: 100, seed: 7 });
  });
  after(() => scene.close());

  for (const name of Object.keys(faults)) {
    it(`get over it: ${name}`, async () => {
      for (let i = 0; i < 2; ++i) await scene.suffer(name);
    });
  }

  it("have lost nothing, seen nothing twice, and nothing out of order", async () => {
    const found = await scene.finish();
    assert.ok(scene.ledger.published > 100, `only ${scene.ledger.published} events`);
    assert.ok(scene.recoveries > 30, `only ${scene.recoveries} recoveries`);
    assert.equal(describeFaults(found), "");
  });
});
