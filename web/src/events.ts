// The events of the platform's wire contract that this page shows. Amounts are decimal strings and
// times ISO 8601 in UTC; they stay strings until they are displayed.

import type { Refusal } from "./connection/refusal";

export type Status = "PENDING" | "ACTIVE" | "FAILED" | "FUNDED";

export interface EquityUpdated {
  challenge_id: string;
  user_id: string;
  previous_equity: string;
  current_equity: string;
  max_equity_ever: string;
  daily_start_equity: string;
  daily_max_equity: string;
  daily_min_equity: string;
  total_pnl: string;
  total_trades: number;
  last_trade_at: string;
  trade_pnl: string;
  trade_symbol: string;
  executed_at: string;
}

export interface ChallengeStatusChanged {
  challenge_id: string;
  old_status: Status;
  new_status: Status;
  reason: string;
  changed_at: string;
}

export interface RiskAlert {
  challenge_id: string;
  user_id: string;
  alert_type: "HIGH_DAILY_DRAWDOWN" | "HIGH_TOTAL_DRAWDOWN" | "INACTIVE_TRADING";
  severity: "WARNING" | "CRITICAL";
  title: string;
  message: string;
  current_equity: string;
  daily_start_equity: string;
  drawdown_percentage: string;
  threshold_percentage: string;
  alert_timestamp: string;
}

/** What the server sends. A recovered connection appends an offset that handlers may ignore. */
export interface ServerEvents {
  equity_updated: (event: EquityUpdated) => void;
  challenge_status_changed: (event: ChallengeStatusChanged) => void;
  risk_alert: (event: RiskAlert) => void;
  joined_challenge: (answer: { challenge_id: string }) => void;
  resync_required: (answer: { reason: string }) => void;
  error: (refusal: Refusal) => void;
}

export interface ClientEvents {
  join_challenge: (request: { challenge_id: string }) => void;
}

export interface CurvePoint {
  at: string;
  equity: string;
}

export interface TradeLine {
  at: string;
  symbol: string;
  pnl: string;
}

/** `GET /challenges/ID` of the back end: where a page begins, and begins again after a gap. */
export interface Snapshot {
  account: string;
  title: string;
  challenge_id: string;
  status: Status;
  status_reason: string;
  starting_balance: string;
  daily_drawdown_max: string;
  total_drawdown_max: string;
  profit_target: string;
  current_equity: string;
  daily_start_equity: string;
  max_equity_ever: string;
  total_trades: number;
  as_of: string;
  curve: CurvePoint[];
  alerts: RiskAlert[];
  trades: TradeLine[];
}

export interface AccountSummary {
  account: string;
  title: string;
  challenge_id: string;
  status: Status;
}
