// The short form of run.mjs for the disk that the log is on.

import assert from "node:assert/strict";
import { diskFaults } from "./disk_faults.mjs";
import { sufferShortly } from "./short_form.mjs";

sufferShortly("disk", diskFaults, {
  verify: ({ ledger }) => assert.ok(ledger.resyncs >= 30, "what was written last was gone"),
});
