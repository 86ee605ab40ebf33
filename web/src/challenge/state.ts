// What one panel shows, as a value, and how each message changes it. No socket and no page here.
//
// Messages may come twice or late: after a reconnect the gateway replays what was missed and sends
// the last known values again, while the snapshot from the back end may already be newer. Times
// decide: what is not newer than what is shown changes nothing.

import type {
  ChallengeStatusChanged,
  CurvePoint,
  EquityUpdated,
  RiskAlert,
  Snapshot,
  Status,
  TradeLine,
} from "../events";
import { cents, drawdown } from "./money";

export const CURVE_POINTS_MAX = 900;
export const ALERTS_MAX = 20;
export const TRADES_MAX = 30;

/** Everything a panel shows of one challenge. Lists are newest first, the curve is oldest first. */
export interface ChallengeView {
  readonly challengeId: string;
  readonly status: Status;
  readonly reason: string;
  readonly statusAt: string;
  readonly equity: bigint;
  readonly dailyStart: bigint;
  readonly highest: bigint;
  readonly startingBalance: bigint;
  readonly dailyLimit: bigint; // hundredths of a percent, as cents() of "5.00"
  readonly totalLimit: bigint;
  readonly profitTarget: bigint;
  readonly totalTrades: number;
  readonly equityAt: string;
  readonly curve: readonly CurvePoint[];
  readonly alerts: readonly RiskAlert[];
  readonly trades: readonly TradeLine[];
}

export type Message =
  | { readonly type: "equity"; readonly event: EquityUpdated }
  | { readonly type: "status"; readonly event: ChallengeStatusChanged }
  | { readonly type: "alert"; readonly event: RiskAlert };

export function viewOf(snapshot: Snapshot): ChallengeView {
  return {
    challengeId: snapshot.challenge_id,
    status: snapshot.status,
    reason: snapshot.status_reason,
    statusAt: snapshot.as_of,
    equity: cents(snapshot.current_equity),
    dailyStart: cents(snapshot.daily_start_equity),
    highest: cents(snapshot.max_equity_ever),
    startingBalance: cents(snapshot.starting_balance),
    dailyLimit: cents(snapshot.daily_drawdown_max),
    totalLimit: cents(snapshot.total_drawdown_max),
    profitTarget: cents(snapshot.profit_target),
    totalTrades: snapshot.total_trades,
    equityAt: snapshot.as_of,
    curve: firstCurve(snapshot),
    alerts: [...snapshot.alerts].reverse().slice(0, ALERTS_MAX),
    trades: [...snapshot.trades].reverse().slice(0, TRADES_MAX),
  };
}

/** A curve begins where the phase began, so that the first trade draws a line. */
function firstCurve(snapshot: Snapshot): CurvePoint[] {
  if (snapshot.curve.length > 0) return snapshot.curve.slice(-CURVE_POINTS_MAX);
  return [{ at: snapshot.as_of, equity: snapshot.current_equity }];
}

/** The view after a message; the same object when the message changes nothing. */
export function apply(view: ChallengeView, message: Message): ChallengeView {
  if (message.event.challenge_id !== view.challengeId) return view;
  switch (message.type) {
    case "equity":
      return applyEquity(view, message.event);
    case "status":
      return applyStatus(view, message.event);
    case "alert":
      return applyAlert(view, message.event);
  }
}

/** The last phase is over and another has begun: the figures must be fetched again. */
export function beginsAgain(before: ChallengeView, after: ChallengeView): boolean {
  return before.status !== "PENDING" && after.status === "PENDING";
}

export interface Figures {
  readonly dailyProfit: bigint;
  readonly totalProfit: bigint;
  readonly dailyDrawdown: bigint;
  readonly totalDrawdown: bigint;
  readonly targetEquity: bigint;
}

/** What follows from the view by arithmetic. Drawdowns are hundredths of a percent. */
export function figures(view: ChallengeView): Figures {
  return {
    dailyProfit: view.equity - view.dailyStart,
    totalProfit: view.equity - view.startingBalance,
    dailyDrawdown: drawdown(view.equity, view.dailyStart),
    totalDrawdown: drawdown(view.equity, view.highest),
    targetEquity: view.startingBalance + (view.startingBalance * view.profitTarget) / 10_000n,
  };
}

function applyEquity(view: ChallengeView, event: EquityUpdated): ChallengeView {
  if (event.executed_at <= view.equityAt) return view;
  const point = { at: event.executed_at, equity: event.current_equity };
  const trade = { at: event.executed_at, symbol: event.trade_symbol, pnl: event.trade_pnl };
  return {
    ...view,
    equity: cents(event.current_equity),
    dailyStart: cents(event.daily_start_equity),
    highest: cents(event.max_equity_ever),
    totalTrades: event.total_trades,
    equityAt: event.executed_at,
    curve: [...view.curve, point].slice(-CURVE_POINTS_MAX),
    trades: [trade, ...view.trades].slice(0, TRADES_MAX),
  };
}

function applyStatus(view: ChallengeView, event: ChallengeStatusChanged): ChallengeView {
  if (event.changed_at <= view.statusAt) return view;
  return { ...view, status: event.new_status, reason: event.reason, statusAt: event.changed_at };
}

function applyAlert(view: ChallengeView, event: RiskAlert): ChallengeView {
  const known = view.alerts.some((alert) => alertKey(alert) === alertKey(event));
  if (known) return view;
  const alerts = [event, ...view.alerts];
  alerts.sort((a, b) => b.alert_timestamp.localeCompare(a.alert_timestamp));
  return { ...view, alerts: alerts.slice(0, ALERTS_MAX) };
}

function alertKey(alert: RiskAlert): string {
  return `${alert.alert_timestamp} ${alert.alert_type} ${alert.severity}`;
}
