// The stock client in a browser, after the gateway was killed: it is what it was, and knows so.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { after, before, it } from "node:test";
import { Gateway, roomOf, tokenOf } from "../support/gateway.mjs";
import { launchBrowser } from "./harness/browser.mjs";

// What a page would load: the client as it is published.
const manifest = createRequire(new URL("../package.json", import.meta.url)).resolve(
  "socket.io-client/package.json",
);
const client = readFileSync(path.join(path.dirname(manifest), "dist/socket.io.min.js"), "utf8");

let gateway, browser;

before(async () => {
  [gateway, browser] = await Promise.all([Gateway.start(), launchBrowser()]);
  gateway.configure({ eventlog: { path: path.join(gateway.directory, "log.db") } });
  await gateway.program.stop();
  await gateway.restart();
});

after(async () => {
  await browser?.close();
  await gateway?.stop();
});

it("recovered is true, and every event is there once", async () => {
  const { ann } = gateway.people;
  const page = await browser.newPage();
  await page.goto(`${gateway.url}/`); // nothing is served there, but it is the gateway's origin
  await page.addScriptTag({ content: client });
  await page.evaluate(
    ([token, challenge]) => {
      window.numbers = [];
      window.recoveries = [];
      window.socket = window.io({ auth: { token }, reconnectionDelay: 50, reconnectionDelayMax: 200 });
      window.socket.on("risk_alert", (data) => window.numbers.push(data.n));
      window.socket.on("connect", () => window.recoveries.push(window.socket.recovered));
      window.socket.on("joined_challenge", () => (window.joined = true));
      window.socket.emit("join_challenge", { challenge_id: challenge });
    },
    [tokenOf(ann.user), ann.challenge],
  );
  await page.waitForFunction(() => window.joined);
  const publish = (n) => gateway.publish(roomOf(ann.challenge), "risk_alert", { n });
  await publish(1);
  await page.waitForFunction(() => window.numbers.length === 1);
  await gateway.kill();
  await gateway.restart();
  await publish(2);
  await page.waitForFunction(() => window.recoveries.length === 2);
  await publish(3);
  await page.waitForFunction(() => window.numbers.length >= 3);
  assert.deepEqual(await page.evaluate(() => window.recoveries), [false, true]);
  assert.deepEqual(await page.evaluate(() => window.numbers), [1, 2, 3]);
});
