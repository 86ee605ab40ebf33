// The platform's real stack: Flask-SocketIO publishes to Redis, the gateway delivers to the page.

import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { PanelOnPage, launchBrowser, recordSockets } from "./harness/browser.mjs";
import { Stack } from "./harness/stack.mjs";

let stack, browser;

before(async () => {
  [stack, browser] = await Promise.all([Stack.start({ platform: "flask" }), launchBrowser()]);
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

it("what Flask publishes moves the curve of the one who owns it", async () => {
  const page = await browser.newPage();
  const sockets = recordSockets(page);
  await page.goto(stack.page("bob"));
  const bob = new PanelOnPage(page, "bob");
  await bob.becomes("live");
  await bob.growsBy(6);
  const [{ events }] = sockets;
  const bobs = (await stack.accounts()).find(({ account }) => account === "bob").challenge_id;
  const ids = events.map(([, data]) => data?.challenge_id).filter(Boolean);
  assert.ok(ids.length >= 6, `${ids.length} events`);
  assert.deepEqual([...new Set(ids)], [bobs]);
  await page.close();
});

it("a killed gateway finds its way back to Redis", async () => {
  const page = await browser.newPage();
  await page.goto(stack.page("alice"));
  const alice = new PanelOnPage(page, "alice");
  await alice.becomes("live");
  await stack.killGateway();
  await alice.becomes("reconnecting");
  await stack.startGateway();
  await alice.becomes("live");
  await alice.growsBy(3);
  await page.close();
});
