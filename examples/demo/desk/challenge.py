"""One trading challenge: the rules, the account's numbers, and what it announces.

    PENDING --activate--> ACTIVE --drawdown over the limit--> FAILED --reset--> PENDING
                                 --profit target reached----> FUNDED --reset--> PENDING

Pure: it takes trades and times and returns events, so every rule is tested without a clock, a
database or a network. Money is `Decimal`, rounded to cents once, where a trade is booked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from decimal import ROUND_DOWN, Decimal
from enum import Enum
from typing import Mapping, Union

CENT = Decimal("0.01")
Payload = Mapping[str, Union[str, int]]


class Status(str, Enum):
    """Where a challenge stands; the names are on the wire."""

    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    FAILED = "FAILED"
    FUNDED = "FUNDED"

    @property
    def is_over(self) -> bool:
        return self in (Status.FAILED, Status.FUNDED)


@dataclass(frozen=True)
class Rules:
    """What a challenge demands. Percentages are of the balance they are measured from."""

    starting_balance: Decimal = Decimal("100000.00")
    daily_drawdown_max: Decimal = Decimal("5.00")
    total_drawdown_max: Decimal = Decimal("10.00")
    profit_target: Decimal = Decimal("10.00")
    warning_share: Decimal = Decimal("0.60")  # a warning at 60 % of a limit leaves time to act
    inactive_days_max: int = 15


@dataclass(frozen=True)
class Event:
    """Something to tell the owner of a challenge."""

    name: str
    challenge_id: str
    payload: Payload

    @property
    def room(self) -> str:
        return f"challenge_{self.challenge_id}"


@dataclass(frozen=True)
class Trade:
    """A closed trade; `pnl` is in account currency, rounded to cents."""

    symbol: str
    pnl: Decimal


@dataclass
class Challenge:
    """The numbers of one account in one challenge, and the rules applied to them."""

    id: str
    user_id: str
    rules: Rules = field(default_factory=Rules)
    status: Status = Status.PENDING
    status_reason: str = ""
    equity: Decimal = field(init=False)
    max_equity_ever: Decimal = field(init=False)
    daily_start_equity: Decimal = field(init=False)
    daily_max_equity: Decimal = field(init=False)
    daily_min_equity: Decimal = field(init=False)
    total_trades: int = field(init=False)
    last_trade_at: str = field(init=False)
    _idle_days: int = field(init=False)
    _alerted: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self._start_over()

    def activate(self, now: datetime) -> list[Event]:
        """PENDING to ACTIVE."""
        return [self._change_status(Status.ACTIVE, "The trading period has begun", now)]

    def reset(self, now: datetime) -> list[Event]:
        """A finished challenge begins again with the starting balance."""
        event = self._change_status(Status.PENDING, "A new phase is being prepared", now)
        self._start_over()
        return [event]

    def begin_day(self, now: datetime) -> list[Event]:
        """Fixes the equity from which today's drawdown is measured."""
        if self.status is not Status.ACTIVE:
            return []
        self.daily_start_equity = self.daily_max_equity = self.daily_min_equity = self.equity
        self._alerted = {kind for kind in self._alerted if not kind.startswith("daily")}
        self._idle_days += 1
        if self._idle_days <= self.rules.inactive_days_max:
            return []
        self._idle_days = 0
        return [self._inactivity_alert(now)]

    def book(self, trade: Trade, now: datetime) -> list[Event]:
        """Applies a closed trade; answers the new equity first, then what follows from it."""
        if self.status is not Status.ACTIVE:
            return []
        previous = self.equity
        self.equity += trade.pnl
        self.max_equity_ever = max(self.max_equity_ever, self.equity)
        self.daily_max_equity = max(self.daily_max_equity, self.equity)
        self.daily_min_equity = min(self.daily_min_equity, self.equity)
        self.total_trades += 1
        self.last_trade_at = iso(now)
        self._idle_days = 0
        return [self._equity_event(previous, trade), *self._drawdown_events(now)]

    @property
    def daily_drawdown(self) -> Decimal:
        """Percent lost since the day began; 0 when in profit."""
        return percent_below(self.equity, self.daily_start_equity)

    @property
    def total_drawdown(self) -> Decimal:
        """Percent lost since the highest equity of this phase."""
        return percent_below(self.equity, self.max_equity_ever)

    def _start_over(self) -> None:
        balance = self.rules.starting_balance
        self.equity = self.max_equity_ever = self.daily_start_equity = balance
        self.daily_max_equity = self.daily_min_equity = balance
        self.total_trades = 0
        self.last_trade_at = ""
        self._idle_days = 0
        self._alerted = set()

    def _drawdown_events(self, now: datetime) -> list[Event]:
        daily, total = self.daily_drawdown, self.total_drawdown
        events = self._watch_limit("daily", daily, self.rules.daily_drawdown_max, now)
        events += self._watch_limit("total", total, self.rules.total_drawdown_max, now)
        if daily >= self.rules.daily_drawdown_max:
            reason = f"Daily drawdown {percent(daily)} %, limit {self.rules.daily_drawdown_max} %"
            events.append(self._change_status(Status.FAILED, reason, now))
        elif total >= self.rules.total_drawdown_max:
            reason = f"Total drawdown {percent(total)} %, limit {self.rules.total_drawdown_max} %"
            events.append(self._change_status(Status.FAILED, reason, now))
        elif self.equity >= self._target_equity():
            reason = f"Profit target of {self.rules.profit_target} % reached"
            events.append(self._change_status(Status.FUNDED, reason, now))
        return events

    def _watch_limit(
        self, period: str, drawdown: Decimal, limit: Decimal, now: datetime
    ) -> list[Event]:
        """One warning on the way to a limit and one critical alert at it, each once a period."""
        warning = (limit * self.rules.warning_share).quantize(CENT)
        for severity, threshold in (("CRITICAL", limit), ("WARNING", warning)):
            key = f"{period} {severity}"
            if drawdown >= threshold:
                if key in self._alerted:
                    return []
                self._alerted.update({key, f"{period} WARNING"})
                return [self._drawdown_alert(period, severity, drawdown, threshold, now)]
        return []

    def _target_equity(self) -> Decimal:
        return self.rules.starting_balance * (1 + self.rules.profit_target / 100)

    def _change_status(self, status: Status, reason: str, now: datetime) -> Event:
        old, self.status = self.status, status
        self.status_reason = reason
        payload = {
            "challenge_id": self.id,
            "old_status": old.value,
            "new_status": status.value,
            "reason": reason,
            "changed_at": iso(now),
        }
        return Event("challenge_status_changed", self.id, payload)

    def _equity_event(self, previous: Decimal, trade: Trade) -> Event:
        payload = {
            "challenge_id": self.id,
            "user_id": self.user_id,
            "previous_equity": amount(previous),
            "current_equity": amount(self.equity),
            "max_equity_ever": amount(self.max_equity_ever),
            "daily_start_equity": amount(self.daily_start_equity),
            "daily_max_equity": amount(self.daily_max_equity),
            "daily_min_equity": amount(self.daily_min_equity),
            "total_pnl": amount(self.equity - self.rules.starting_balance),
            "total_trades": self.total_trades,
            "last_trade_at": self.last_trade_at,
            "trade_pnl": amount(trade.pnl),
            "trade_symbol": trade.symbol,
            "executed_at": self.last_trade_at,
        }
        return Event("equity_updated", self.id, payload)

    def _drawdown_alert(
        self, period: str, severity: str, drawdown: Decimal, threshold: Decimal, now: datetime
    ) -> Event:
        verb = "has reached its limit of" if severity == "CRITICAL" else "has passed"
        return self._alert(
            kind=f"HIGH_{period.upper()}_DRAWDOWN",
            severity=severity,
            title=f"High {period} drawdown",
            message=f"The {period} drawdown of {percent(drawdown)} % {verb} {threshold} %.",
            drawdown=drawdown,
            threshold=threshold,
            now=now,
        )

    def _inactivity_alert(self, now: datetime) -> Event:
        return self._alert(
            kind="INACTIVE_TRADING",
            severity="WARNING",
            title="No trades",
            message=f"No trade in {self.rules.inactive_days_max} trading days.",
            drawdown=self.total_drawdown,
            threshold=self.rules.total_drawdown_max,
            now=now,
        )

    def _alert(
        self,
        *,
        kind: str,
        severity: str,
        title: str,
        message: str,
        drawdown: Decimal,
        threshold: Decimal,
        now: datetime,
    ) -> Event:
        payload = {
            "challenge_id": self.id,
            "user_id": self.user_id,
            "alert_type": kind,
            "severity": severity,
            "title": title,
            "message": message,
            "current_equity": amount(self.equity),
            "daily_start_equity": amount(self.daily_start_equity),
            "drawdown_percentage": percent(drawdown),
            "threshold_percentage": percent(threshold),
            "alert_timestamp": iso(now),
        }
        return Event("risk_alert", self.id, payload)


def amount(value: Decimal) -> str:
    """A decimal string with two places, as every amount on the wire."""
    return str(value.quantize(CENT))


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, `2026-01-31T09:30:00.250Z`."""
    utc = moment.astimezone(timezone.utc)
    return utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def percent_below(value: Decimal, reference: Decimal) -> Decimal:
    """How many percent `value` lies below `reference`, not rounded; 0 when it does not."""
    return max(reference - value, Decimal(0)) * 100 / reference


def percent(value: Decimal) -> str:
    """Two places, rounded down: a limit must not be shown as reached before it is."""
    return str(value.quantize(CENT, ROUND_DOWN))
