// What a person sees, and what they must never get to see.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { PanelOnPage, launchBrowser, recordSockets } from "./harness/browser.mjs";
import { freePort } from "./harness/processes.mjs";
import { Stack } from "./harness/stack.mjs";

let stack, browser;

before(async () => {
  [stack, browser] = await Promise.all([Stack.start(), launchBrowser()]);
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

async function open(accounts, prepare = () => {}) {
  const page = await browser.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  prepare(page);
  await page.goto(stack.page(accounts));
  return { page, faults };
}

describe("a panel", () => {
  it("shows a curve that moves with the trades", async () => {
    const { page, faults } = await open("alice");
    const alice = new PanelOnPage(page, "alice");
    await alice.becomes("live");
    await alice.growsBy(3);
    const earlier = await alice.part("chart").screenshot();
    await alice.growsBy(5);
    assert.notDeepEqual(await alice.part("chart").screenshot(), earlier);
    assert.match(await alice.part("equity").textContent(), /^\d{2,3},\d{3}\.\d{2}$/);
    assert.match(await alice.part("daily-drawdown").textContent(), /^\d+\.\d{2} % of 5 %$/);
    assert.deepEqual(faults, []);
    await page.close();
  });

  it("shows a risk alert and the end of the challenge as they happen", async () => {
    const { page } = await open("bob");
    const bob = new PanelOnPage(page, "bob");
    await bob.becomes("live");
    await bob.root
      .locator('[data-testid="status"][data-status="FAILED"]')
      .waitFor({ timeout: 60_000 });
    assert.match(await bob.part("reason").textContent(), /drawdown [\d.]+ %, limit/);
    const critical = bob.root.locator('[data-testid="alert"][data-severity="CRITICAL"]');
    assert.match(await critical.first().textContent(), /drawdown/);
    await page.close();
  });
});

describe("two accounts side by side", () => {
  it("have connections of their own, and each gets its own events only", async () => {
    let sockets;
    const { page } = await open("alice,bob", (page) => (sockets = recordSockets(page)));
    const panels = ["alice", "bob"].map((name) => new PanelOnPage(page, name));
    await Promise.all(panels.map((panel) => panel.becomes("live")));
    await Promise.all(panels.map((panel) => panel.growsBy(6)));
    const challengeOf = await challengesByUser();
    assert.equal(sockets.length, 2);
    assert.equal(new Set(sockets.map(({ userId }) => userId)).size, 2);
    for (const { userId, events } of sockets) {
      const ids = events.map(([, data]) => data?.challenge_id).filter(Boolean);
      assert.ok(ids.length >= 6, `${ids.length} events`);
      assert.deepEqual([...new Set(ids)], [challengeOf.get(userId)]);
    }
    await page.close();
  });

  it("cannot be joined with another's token", async () => {
    const { page } = await open("alice,bob");
    const bob = new PanelOnPage(page, "bob");
    await bob.becomes("live");
    const [, { challenge_id }] = await stack.accounts();
    const spy = await page.evaluateHandle(joinDirectly, {
      token: await stack.token("alice"),
      challenge_id,
    });
    await bob.growsBy(6); // bob's events flow meanwhile
    const events = await spy.evaluate((socket) => socket.events);
    assert.deepEqual(
      events.map(([name]) => name),
      ["position", "error"],
    );
    await page.close();
  });
});

describe("the page", () => {
  it("is used from the keyboard: the picker adds an account", async () => {
    const { page } = await open("alice");
    await page.getByTestId("account-carol").waitFor();
    await page.keyboard.press("Tab"); // skip link
    for (let i = 0; i < 3; i++) await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await new PanelOnPage(page, "carol").becomes("live");
    assert.match(page.url(), /account=alice,carol/);
    assert.equal(await page.getByTestId("panel").count(), 2);
    await page.goBack();
    await page.getByTestId("panel").nth(1).waitFor({ state: "detached" });
    await page.close();
  });

  it("says that an account does not exist", async () => {
    const { page } = await open("mallory");
    assert.match(await page.getByTestId("page-unknown").textContent(), /mallory/);
    await page.close();
  });

  it("says that the back end is away, and where it looked", async () => {
    const page = await browser.newPage();
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    await page.goto(`${stack.origin}/?account=alice&backend=${nowhere}`);
    assert.match(await page.getByTestId("page-error").textContent(), new RegExp(nowhere));
    await page.close();
  });

  it("fits a telephone without scrolling sideways", async () => {
    const page = await browser.newPage({ viewport: { width: 360, height: 740 } });
    await page.goto(stack.page("alice"));
    await new PanelOnPage(page, "alice").growsBy(1);
    const [content, view] = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.clientWidth,
    ]);
    assert.ok(content <= view, `${content} > ${view}`);
    await page.close();
  });
});

/** In the page: connects with a token and asks for a challenge, without the page's own code. */
function joinDirectly({ token, challenge_id }) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://${location.host}/socket.io/?EIO=4&transport=websocket`);
    socket.events = [];
    socket.onerror = () => reject(new Error("no connection"));
    socket.onmessage = ({ data }) => {
      if (data.startsWith("0")) socket.send(`40${JSON.stringify({ token })}`);
      if (data.startsWith("40"))
        socket.send(`42${JSON.stringify(["join_challenge", { challenge_id }])}`);
      if (!data.startsWith("42")) return;
      socket.events.push(JSON.parse(data.slice(2)));
      resolve(socket); // answered, with whatever
    };
  });
}

async function challengesByUser() {
  const pairs = (await stack.accounts()).map(async ({ account, challenge_id }) => {
    const claims = (await stack.token(account)).split(".")[1];
    return [JSON.parse(Buffer.from(claims, "base64url").toString()).user_id, challenge_id];
  });
  return new Map(await Promise.all(pairs));
}
