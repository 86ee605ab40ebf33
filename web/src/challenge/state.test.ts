import { describe, expect, it } from "vitest";
import type { ChallengeStatusChanged, EquityUpdated, RiskAlert, Snapshot } from "../events";
import { ALERTS_MAX, CURVE_POINTS_MAX, apply, beginsAgain, figures, viewOf } from "./state";
import { percent } from "./money";

const ID = "0cac8da8-10be-5c54-b27b-28164f023c15";

function time(seconds: number): string {
  return new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();
}

const SNAPSHOT: Snapshot = {
  account: "alice",
  title: "Alice",
  challenge_id: ID,
  status: "ACTIVE",
  status_reason: "",
  starting_balance: "100000.00",
  daily_drawdown_max: "5.00",
  total_drawdown_max: "10.00",
  profit_target: "10.00",
  current_equity: "102000.00",
  daily_start_equity: "101000.00",
  max_equity_ever: "103000.00",
  total_trades: 7,
  as_of: time(0),
  curve: [{ at: time(0), equity: "102000.00" }],
  alerts: [],
  trades: [],
};

function equity(at: number, current: string, over: Partial<EquityUpdated> = {}) {
  const event: EquityUpdated = {
    challenge_id: ID,
    user_id: "u",
    previous_equity: "0.00",
    current_equity: current,
    max_equity_ever: "103000.00",
    daily_start_equity: "101000.00",
    daily_max_equity: "103000.00",
    daily_min_equity: "100000.00",
    total_pnl: "0.00",
    total_trades: 8,
    last_trade_at: time(at),
    trade_pnl: "-10.00",
    trade_symbol: "SPX",
    executed_at: time(at),
    ...over,
  };
  return { type: "equity", event } as const;
}

function status(at: number, next: ChallengeStatusChanged["new_status"]) {
  const event: ChallengeStatusChanged = {
    challenge_id: ID,
    old_status: "ACTIVE",
    new_status: next,
    reason: "because",
    changed_at: time(at),
  };
  return { type: "status", event } as const;
}

function alert(at: number) {
  const event: RiskAlert = {
    challenge_id: ID,
    user_id: "u",
    alert_type: "HIGH_DAILY_DRAWDOWN",
    severity: "WARNING",
    title: "High daily drawdown",
    message: "…",
    current_equity: "97000.00",
    daily_start_equity: "100000.00",
    drawdown_percentage: "3.00",
    threshold_percentage: "3.00",
    alert_timestamp: time(at),
  };
  return { type: "alert", event } as const;
}

describe("equity", () => {
  it("moves the figures and the curve, and lists the trade first", () => {
    const view = apply(viewOf(SNAPSHOT), equity(1, "99990.00"));
    expect(view.equity).toBe(9_999_000n);
    expect(view.curve.map((point) => point.equity)).toEqual(["102000.00", "99990.00"]);
    expect(view.trades[0]).toEqual({ at: time(1), symbol: "SPX", pnl: "-10.00" });
    expect(percent(figures(view).dailyDrawdown)).toBe("1.00 %");
    expect(percent(figures(view).totalDrawdown)).toBe("2.92 %");
    expect(figures(view).totalProfit).toBe(-1_000n);
  });

  it("changes nothing when it comes twice or late", () => {
    const view = apply(viewOf(SNAPSHOT), equity(2, "99990.00"));
    expect(apply(view, equity(2, "99990.00"))).toBe(view);
    expect(apply(view, equity(1, "50000.00"))).toBe(view);
  });

  it("changes nothing when it is another's", () => {
    const view = viewOf(SNAPSHOT);
    expect(apply(view, equity(1, "1.00", { challenge_id: "other" }))).toBe(view);
  });

  it("keeps a bounded curve", () => {
    let view = viewOf(SNAPSHOT);
    for (let i = 1; i <= CURVE_POINTS_MAX + 5; i++) view = apply(view, equity(i, `${i}.00`));
    expect(view.curve).toHaveLength(CURVE_POINTS_MAX);
    expect(view.curve.at(-1)?.equity).toBe(`${CURVE_POINTS_MAX + 5}.00`);
  });
});

describe("a phase without trades", () => {
  it("has a curve of one point, at the balance", () => {
    const view = viewOf({ ...SNAPSHOT, curve: [], current_equity: "100000.00" });
    expect(view.curve).toEqual([{ at: time(0), equity: "100000.00" }]);
  });
});

describe("status", () => {
  it("follows the newest change only", () => {
    const failed = apply(viewOf(SNAPSHOT), status(5, "FAILED"));
    expect([failed.status, failed.reason]).toEqual(["FAILED", "because"]);
    expect(apply(failed, status(4, "ACTIVE"))).toBe(failed);
  });

  it("tells when a new phase begins", () => {
    const view = viewOf(SNAPSHOT);
    const pending = apply(view, status(5, "PENDING"));
    expect(beginsAgain(view, pending)).toBe(true);
    expect(beginsAgain(pending, pending)).toBe(false);
    expect(beginsAgain(pending, apply(pending, status(6, "ACTIVE")))).toBe(false);
  });
});

describe("alerts", () => {
  it("are shown once, newest first, in whatever order they come", () => {
    let view = viewOf(SNAPSHOT);
    for (const at of [2, 3, 1, 3]) view = apply(view, alert(at));
    expect(view.alerts.map((a) => a.alert_timestamp)).toEqual([time(3), time(2), time(1)]);
  });

  it("are bounded", () => {
    let view = viewOf(SNAPSHOT);
    for (let i = 0; i < ALERTS_MAX + 3; i++) view = apply(view, alert(i));
    expect(view.alerts).toHaveLength(ALERTS_MAX);
    expect(view.alerts[0]?.alert_timestamp).toBe(time(ALERTS_MAX + 2));
  });
});

describe("figures", () => {
  it("derive the target from the balance", () => {
    expect(figures(viewOf(SNAPSHOT)).targetEquity).toBe(11_000_000n);
  });
});
