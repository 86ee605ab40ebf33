// The indicator tells the truth: live, reconnecting, polling fallback, offline.

import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { PanelOnPage, launchBrowser } from "./harness/browser.mjs";
import { freePort } from "./harness/processes.mjs";
import { NoWebSocketProxy } from "./harness/proxy.mjs";
import { Stack } from "./harness/stack.mjs";

let stack, browser, proxyPort;

before(async () => {
  proxyPort = await freePort();
  [stack, browser] = await Promise.all([Stack.start({ extraPorts: [proxyPort] }), launchBrowser()]);
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

async function openAlice(page, port) {
  await page.goto(stack.page("alice", port));
  return new PanelOnPage(page, "alice");
}

it("a gateway that is killed and comes back: live, reconnecting, live", async () => {
  const page = await browser.newPage();
  const alice = await openAlice(page);
  await alice.becomes("live");
  await alice.growsBy(2);
  const record = await alice.recordStates();
  await stack.killGateway();
  await alice.becomes("reconnecting");
  assert.match(await alice.part("connection-detail").textContent(), /may be old/);
  await stack.startGateway();
  await alice.becomes("live");
  await alice.growsBy(2);
  assert.deepEqual(await record.states(), ["live", "reconnecting", "live"]);
  await page.close();
});

it("trades made while the gateway was away are not missing afterwards", async () => {
  const page = await browser.newPage();
  const alice = await openAlice(page);
  await alice.becomes("live");
  await stack.killGateway();
  await alice.becomes("reconnecting");
  await stack.startGateway();
  await alice.becomes("live");
  await alice.growsBy(1);
  // Within a phase the curve is the balance and one point a trade: a gap would show as a difference.
  const [points, trades] = await alice.root.evaluate((panel) => [
    Number(panel.querySelector("[data-points]").dataset.points),
    Number(panel.querySelector("[data-testid=total-trades]").textContent),
  ]);
  assert.equal(points, trades + 1);
  await page.close();
});

it("a network that blocks WebSocket: polling fallback, and the curve still moves", async () => {
  const proxy = new NoWebSocketProxy(stack.ports.page);
  await proxy.listen(proxyPort);
  const page = await browser.newPage();
  try {
    const alice = await openAlice(page, proxyPort);
    await alice.becomes("polling");
    assert.equal(await alice.part("connection").textContent(), "Polling fallback");
    await alice.growsBy(4);
    assert.ok(proxy.refusedUpgrades > 0);
  } finally {
    await page.close();
    proxy.close();
  }
});

it("a token that the gateway refuses: offline for good, until a good one", async () => {
  const page = await browser.newPage();
  const [header, claims] = (await stack.token("alice")).split(".");
  const forged = `${header}.${claims}.${"A".repeat(43)}`;
  await page.route("**/token?*", (route) =>
    route.fulfill({
      json: { token: forged },
      headers: { "access-control-allow-origin": stack.origin },
    }),
  );
  const alice = await openAlice(page);
  await alice.becomes("offline");
  assert.match(await alice.part("connection-detail").textContent(), /The server refused/);
  await page.unroute("**/token?*");
  await alice.part("retry").click();
  await alice.becomes("live");
  await page.close();
});

it("a good token of another: refused, and no figures look live", async () => {
  const page = await browser.newPage();
  const token = await stack.token("bob");
  await page.route("**/token?*", (route) =>
    route.fulfill({ json: { token }, headers: { "access-control-allow-origin": stack.origin } }),
  );
  const alice = await openAlice(page);
  await alice.becomes("offline");
  assert.match(await alice.part("connection-detail").textContent(), /The server refused/);
  assert.match(await alice.part("notice").textContent(), /No figures/);
  await page.close();
});

it("a browser without network: offline, and live again by itself", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const alice = await openAlice(page);
  await alice.becomes("live");
  await context.setOffline(true);
  await alice.becomes("offline");
  await context.setOffline(false);
  await alice.becomes("live");
  await alice.growsBy(2);
  await context.close();
});
