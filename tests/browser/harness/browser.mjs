// Chromium, and what a test asks of the page. Waiting is always for something visible.

import { chromium } from "playwright-core";

const WAIT_MS_MAX = 45_000;

export function launchBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** One account's panel on a page. */
export class PanelOnPage {
  constructor(page, account) {
    this.root = page.locator(`[data-testid="panel"][data-account="${account}"]`);
  }

  part(testid) {
    return this.root.getByTestId(testid);
  }

  /** Waits until the indicator shows this state. */
  async becomes(state) {
    const indicator = this.root.locator(`[data-testid="connection"][data-state="${state}"]`);
    await indicator.waitFor({ timeout: WAIT_MS_MAX });
  }

  async points() {
    return Number(await this.part("chart").getAttribute("data-points"));
  }

  /** Waits until the curve has grown by `count` points, also across a new phase. */
  async growsBy(count) {
    const chart = await this.part("chart").elementHandle();
    await chart.evaluate(
      (node, { count, limit }) =>
        new Promise((resolve, reject) => {
          let added = 0;
          let before = Number(node.dataset.points);
          const late = setTimeout(
            () => reject(new Error(`the curve grew by ${added} only`)),
            limit,
          );
          new MutationObserver((_, observer) => {
            const now = Number(node.dataset.points);
            added += Math.max(0, now - before);
            before = now;
            if (added < count) return;
            observer.disconnect();
            clearTimeout(late);
            resolve();
          }).observe(node, { attributeFilter: ["data-points"] });
        }),
      { count, limit: WAIT_MS_MAX },
    );
  }

  /** Keeps every state that the indicator shows from now on; `states()` reads them. */
  async recordStates() {
    const indicator = await this.part("connection").elementHandle();
    await indicator.evaluate((node) => {
      node.recorded = [node.dataset.state];
      new MutationObserver(() => {
        if (node.recorded.at(-1) !== node.dataset.state) node.recorded.push(node.dataset.state);
      }).observe(node, { attributeFilter: ["data-state"] });
    });
    return { states: () => indicator.evaluate((node) => node.recorded) };
  }
}

/** Records what each WebSocket of a page receives, with the user whose token it presented. */
export function recordSockets(page) {
  const sockets = [];
  page.on("websocket", (webSocket) => {
    if (!webSocket.url().includes("/socket.io/")) return;
    const record = { userId: undefined, events: [] };
    sockets.push(record);
    webSocket.on("framesent", ({ payload }) => {
      if (payload.startsWith("40{")) record.userId = userOf(JSON.parse(payload.slice(2)).token);
    });
    webSocket.on("framereceived", ({ payload }) => {
      const event = /^42(\[.*)/s.exec(payload);
      if (event) record.events.push(JSON.parse(event[1]));
    });
  });
  return sockets;
}

function userOf(token) {
  return JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString()).user_id;
}
