// The short form of run.mjs: each fault twice, and the ledger's own errors.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { places } from "./faults.mjs";
import { Ledger, describeFaults, eventOf } from "./ledger.mjs";
import { sufferShortly } from "./short_form.mjs";

describe("the ledger", () => {
  const withFive = () => {
    const ledger = new Ledger();
    const viewer = ledger.viewer("one", "room");
    for (let n = 1; n <= 5; ++n) ledger.accepted("room", n);
    return { ledger, viewer };
  };
  const see = (viewer, ...numbers) => numbers.forEach((n) => viewer.saw(eventOf("room", n)));

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

  it("finds an event that is not what was published", () => {
    const { ledger, viewer } = withFive();
    see(viewer, 1, 2, 3, 4);
    viewer.saw({ ...eventOf("room", 5), n: 6 });
    assert.equal(ledger.faults().altered.length, 1);
  });

  it("finds a client that was told to start anew", () => {
    const { ledger, viewer } = withFive();
    see(viewer, 1, 2, 3, 4, 5);
    viewer.resynced("expired");
    assert.notEqual(describeFaults(ledger.faults()), "");
  });

  it("finds nothing where a client was told so with a reason, and what it missed before that", () => {
    for (const [before, wrong] of [[[1, 2], []], [[2], [1]]]) {
      const { ledger, viewer } = withFive();
      see(viewer, ...before);
      ledger.resyncsExcused = true;
      viewer.resynced("expired");
      viewer.joined();
      for (const n of [6, 7]) ledger.accepted("room", n);
      see(viewer, 7);
      assert.deepEqual(ledger.faults().lost.flatMap(({ numbers }) => numbers), wrong);
    }
  });
});

sufferShortly("line", places.line, { times: 2, recoveries: 31 });
