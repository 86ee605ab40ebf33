// The short form of run.mjs for a network that loses, delays, reorders and repeats packets.

import assert from "node:assert/strict";
import { networkFaults } from "./network_faults.mjs";
import { sufferShortly } from "./short_form.mjs";

sufferShortly("network", networkFaults, {
  verify: async ({ network }) => {
    const { passed, ...harm } = await network.become({});
    for (const [what, packets] of Object.entries(harm)) {
      assert.ok(packets > 10, `of ${passed} packets only ${packets} were ${what}`);
    }
  },
});
