// One account on the screen. It is told what to show and knows nothing of where it comes from.

import { money, percent, share } from "../challenge/money";
import { figures, type ChallengeView } from "../challenge/state";
import type { Connection } from "../connection/state";
import type { AccountSummary, CurvePoint } from "../events";
import { EquityChart } from "./chart";
import { element, setText } from "./dom";
import { Indicator } from "./indicator";
import { AlertList, TradeList } from "./lists";
import { Meter, type MeterReading } from "./meter";

export class PanelView {
  readonly root: HTMLElement;
  readonly #indicator: Indicator;
  readonly #status = element("span", { class: "status", "data-testid": "status" });
  readonly #reason = element("p", { class: "reason", "data-testid": "reason", hidden: "" });
  readonly #notice = element("p", { class: "notice", role: "status", "data-testid": "notice" });
  readonly #announcer = element("p", { class: "unseen", "aria-live": "polite" });
  readonly #equity = element("output", { class: "equity", "data-testid": "equity" });
  readonly #daily = element("output", { class: "amount", "data-testid": "daily-pnl" });
  readonly #total = element("output", { class: "amount", "data-testid": "total-pnl" });
  readonly #trades = element("output", { class: "amount", "data-testid": "total-trades" });
  readonly #dailyMeter = new Meter("Daily drawdown", "daily-drawdown");
  readonly #totalMeter = new Meter("Total drawdown", "total-drawdown");
  readonly #targetMeter = new Meter("Profit target", "profit-target");
  readonly #chartBox: HTMLElement;
  readonly #alertList = new AlertList();
  readonly #tradeList = new TradeList();
  #chart: EquityChart | undefined;

  constructor(account: AccountSummary, onRetry: () => void) {
    this.#indicator = new Indicator(onRetry);
    this.#chartBox = element("div", {
      class: "chart",
      role: "img",
      "aria-label": `Equity curve of ${account.account}`,
      "data-testid": "chart",
      "data-points": "0",
    });
    const id = `panel-${account.account}`;
    this.root = element(
      "section",
      {
        class: "panel",
        "aria-labelledby": id,
        "aria-busy": "true",
        "data-testid": "panel",
        "data-account": account.account,
        "data-challenge": account.challenge_id,
      },
      this.#head(account, id),
      this.#indicator.explanation,
      this.#reason,
      this.#notice,
      this.#announcer,
      this.#summary(),
      this.#chartBox,
      element(
        "div",
        { class: "meters" },
        this.#dailyMeter.root,
        this.#totalMeter.root,
        this.#targetMeter.root,
      ),
      element("div", { class: "lists" }, this.#alertList.root, this.#tradeList.root),
    );
    this.showNotice("Fetching the account…");
  }

  showConnection(connection: Connection): void {
    this.#indicator.show(connection);
    this.root.dataset["connection"] = connection.kind;
  }

  /** A sentence in place of the figures, or beside old ones; "" takes it away. */
  showNotice(text: string): void {
    setText(this.#notice, text);
    this.#notice.hidden = text === "";
  }

  announce(text: string): void {
    setText(this.#announcer, text);
  }

  /** Everything, with the curve drawn anew. */
  begin(view: ChallengeView): void {
    this.root.setAttribute("aria-busy", "false");
    this.#chart ??= new EquityChart(this.#chartBox, Number(view.startingBalance) / 100);
    this.#chart.replace(view.curve);
    this.show(view);
  }

  addPoint(point: CurvePoint): void {
    this.#chart?.append(point);
  }

  show(view: ChallengeView): void {
    const now = figures(view);
    setText(this.#status, view.status);
    this.#status.dataset["status"] = view.status;
    setText(this.#reason, view.reason);
    this.#reason.hidden = view.reason === "" || view.status === "ACTIVE";
    setText(this.#equity, money(view.equity));
    setText(this.#trades, String(view.totalTrades));
    showProfit(this.#daily, now.dailyProfit);
    showProfit(this.#total, now.totalProfit);
    this.#dailyMeter.show(usage(now.dailyDrawdown, view.dailyLimit));
    this.#totalMeter.show(usage(now.totalDrawdown, view.totalLimit));
    const wanted = now.targetEquity - view.startingBalance;
    this.#targetMeter.show({
      text: `${wholeMoney(now.totalProfit)} of ${wholeMoney(wanted)}`,
      share: share(now.totalProfit, wanted),
      tone: "good",
    });
    this.#alertList.show(view.alerts);
    this.#tradeList.show(view.trades);
  }

  destroy(): void {
    this.#chart?.destroy();
    this.root.remove();
  }

  #head(account: AccountSummary, id: string): HTMLElement {
    const title = element("h2", { id }, account.title);
    return element("header", { class: "head" }, title, this.#status, this.#indicator.root);
  }

  #summary(): HTMLElement {
    return element(
      "dl",
      { class: "summary" },
      field("Equity", this.#equity),
      field("Today", this.#daily),
      field("Since start", this.#total),
      field("Trades", this.#trades),
    );
  }
}

function field(label: string, value: HTMLElement): HTMLElement {
  return element("div", {}, element("dt", {}, label), element("dd", {}, value));
}

function showProfit(node: HTMLElement, amount: bigint): void {
  setText(node, money(amount, { signed: true }));
  node.dataset["tone"] = amount > 0n ? "gain" : amount < 0n ? "loss" : "flat";
}

function usage(used: bigint, limit: bigint): MeterReading {
  const part = share(used, limit);
  const tone = part >= 1 ? "critical" : part >= WARNING_SHARE ? "warning" : "calm";
  return { text: `${percent(used)} of ${wholePercent(limit)}`, share: part, tone };
}

/** Without cents, towards zero: a target must not be shown as reached before it is. */
function wholeMoney(amount: bigint): string {
  return money((amount / 100n) * 100n).slice(0, -".00".length);
}

/** A limit is a round figure: "5 %" reads better than "5.00 %". */
function wholePercent(hundredths: bigint): string {
  return hundredths % 100n === 0n ? `${hundredths / 100n} %` : percent(hundredths);
}

const WARNING_SHARE = 0.6;
