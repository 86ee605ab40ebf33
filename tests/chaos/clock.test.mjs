// The short form of run.mjs for a wall clock that is set, and what a token is worth after that.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Client, disconnectAll } from "../support/clients.mjs";
import { Clock } from "../support/clock.mjs";
import { Gateway, roomOf, tokenOf } from "../support/gateway.mjs";
import { stopAll } from "../support/process.mjs";
import { clockFaults } from "./clock_faults.mjs";
import { sufferShortly } from "./short_form.mjs";

sufferShortly("clock", clockFaults);

describe("a token of an hour, when the clock is set", () => {
  let clock, gateway, ann, early;
  before(async () => {
    clock = Clock.make();
    gateway = await Gateway.start({ clock });
    ann = gateway.people.ann;
    early = await Client.connect(gateway, tokenOf(ann.user));
    await early.join(ann.challenge);
  });
  after(() => {
    disconnectAll();
    return stopAll(gateway, clock);
  });

  for (const [title, hours, code] of [
    ["two hours later", 2, "token_expired"],
    ["two hours earlier, when it isn't issued yet", -2, "token_not_yet_valid"],
  ]) {
    it(`is refused ${title}, though it was taken before`, async () => {
      clock.set(0);
      const token = tokenOf(ann.user);
      // Each worker remembers tokens by itself.
      for (let i = 0; i < 4; i += 1) (await Client.connect(gateway, token)).close();
      clock.set(hours);
      const refusal = await new Client(gateway, { auth: { token } }).refused();
      assert.equal(refusal.data.code, code);
    });
  }

  it("leaves a connection alone that was made before: its hour is counted from there", async () => {
    await gateway.publish(roomOf(ann.challenge), "risk_alert", { n: 1 });
    assert.deepEqual(await early.next("risk_alert"), [{ n: 1 }]);
  });
});
