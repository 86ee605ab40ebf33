// Risk alerts and trades. Both are short lists; they are built anew when they changed.

import { cents, money } from "../challenge/money";
import type { RiskAlert, TradeLine } from "../events";
import { clockTime, element } from "./dom";

export class AlertList {
  readonly root: HTMLElement;
  readonly #list = element("ul", { class: "alerts", "data-testid": "alerts" });
  #shown: readonly RiskAlert[] | undefined;

  constructor() {
    this.root = block("Risk alerts", this.#list);
  }

  show(alerts: readonly RiskAlert[]): void {
    if (alerts === this.#shown) return;
    this.#shown = alerts;
    this.#list.replaceChildren(...alerts.map(alertItem));
    if (alerts.length === 0) this.#list.append(empty("No alerts. The account is within limits."));
  }
}

export class TradeList {
  readonly root: HTMLElement;
  readonly #list = element("ul", { class: "trades", "data-testid": "trades" });
  #shown: readonly TradeLine[] | undefined;

  constructor() {
    this.root = block("Trades", this.#list);
  }

  show(trades: readonly TradeLine[]): void {
    if (trades === this.#shown) return;
    this.#shown = trades;
    this.#list.replaceChildren(...trades.map(tradeItem));
    if (trades.length === 0) this.#list.append(empty("No trades in this phase yet."));
  }
}

function alertItem(alert: RiskAlert): HTMLElement {
  const attributes = { class: "alert", "data-severity": alert.severity, "data-testid": "alert" };
  return element(
    "li",
    attributes,
    element("strong", {}, alert.title),
    element("time", { datetime: alert.alert_timestamp }, clockTime(alert.alert_timestamp)),
    element("p", {}, alert.message),
  );
}

function tradeItem(trade: TradeLine): HTMLElement {
  const pnl = cents(trade.pnl);
  const tone = pnl > 0n ? "gain" : pnl < 0n ? "loss" : "flat";
  return element(
    "li",
    { class: "trade" },
    element("time", { datetime: trade.at }, clockTime(trade.at)),
    element("span", {}, trade.symbol),
    element("span", { class: "amount", "data-tone": tone }, money(pnl, { signed: true })),
  );
}

function block(title: string, list: HTMLElement): HTMLElement {
  // Focusable, so that the list can be scrolled from the keyboard.
  const scroller = element("div", { class: "scroller", tabindex: "0", "aria-label": title }, list);
  scroller.setAttribute("role", "region");
  return element("div", { class: "block" }, element("h3", {}, title), scroller);
}

function empty(text: string): HTMLElement {
  return element("li", { class: "empty" }, text);
}
