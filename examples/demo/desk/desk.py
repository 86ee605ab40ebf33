"""The desk: every account at its place in history, moved on one print at a time.

A step is one print of the market. Each account holds what its strategy chose from the days
before; the move from the last print to this one is booked as a closed trade. A day is four steps,
and a finished challenge rests for a few days before its next phase.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from threading import Lock
from typing import Any, Iterable, Sequence

from .accounts import Account
from .challenge import CENT, Challenge, Event, Rules, Status, Trade, amount, iso
from .prices import PRINTS_PER_DAY, SYMBOL, TradingDay
from .strategies import HISTORY_DAYS

REST_DAYS = 6  # a finished challenge stays on the screen this long
PENDING_DAYS = 2
CURVE_POINTS_MAX = 600
ALERTS_MAX = 20
TRADES_MAX = 30


class Desk:
    """All accounts. Thread-safe: one thread steps, others read snapshots."""

    def __init__(
        self, accounts: Iterable[Account], days: Sequence[TradingDay], rules: Rules = Rules()
    ) -> None:
        self._lock = Lock()
        self._seats = {account.name: _Seat(account, days, rules) for account in accounts}

    def step(self, now: datetime) -> list[Event]:
        """Moves every account on by one print; answers what is to be published, in order."""
        with self._lock:
            return [event for seat in self._seats.values() for event in seat.step(now)]

    def account(self, name: str) -> Account | None:
        seat = self._seats.get(name)
        return seat.account if seat else None

    def accounts(self) -> list[dict[str, Any]]:
        """Name, title and challenge of each account: what the page's picker shows."""
        with self._lock:
            return [seat.summary() for seat in self._seats.values()]

    def challenges(self) -> list[Challenge]:
        return [seat.challenge for seat in self._seats.values()]

    def snapshot(self, challenge_id: str, user_id: str, now: datetime) -> dict[str, Any] | None:
        """Everything a page needs to begin with, or None unless the user owns the challenge."""
        with self._lock:
            for seat in self._seats.values():
                if seat.challenge.id == challenge_id and seat.challenge.user_id == user_id:
                    return seat.snapshot(now)
        return None


@dataclass
class _Seat:
    """One account's place in history and what it did lately."""

    account: Account
    days: Sequence[TradingDay]
    rules: Rules
    challenge: Challenge = field(init=False)
    _day: int = field(init=False)
    _print: int = field(init=False, default=0)
    _waiting_days: int = field(init=False, default=PENDING_DAYS)
    _last_price: Decimal = field(init=False)
    _curve: deque[dict[str, str]] = field(init=False)
    _alerts: deque[Any] = field(init=False)
    _trades: deque[Any] = field(init=False)

    def __post_init__(self) -> None:
        self.challenge = Challenge(self.account.challenge_id, self.account.user_id, self.rules)
        begin = self.account.first_date
        first = next((i for i, day in enumerate(self.days) if day.date >= begin), 0)
        self._day = max(first, HISTORY_DAYS)
        self._last_price = self.days[self._day - 1].close
        self._curve = deque(maxlen=CURVE_POINTS_MAX)
        self._alerts = deque(maxlen=ALERTS_MAX)
        self._trades = deque(maxlen=TRADES_MAX)

    def step(self, now: datetime) -> list[Event]:
        events = self._begin_day(now) if self._print == 0 else []
        price = self.days[self._day].prints[self._print]
        events += self._trade(price, now)
        self._last_price = price
        self._advance()
        for event in events:
            self._remember(event)
        return events

    def summary(self) -> dict[str, Any]:
        return {
            "account": self.account.name,
            "title": self.account.title,
            "challenge_id": self.challenge.id,
            "status": self.challenge.status.value,
        }

    def snapshot(self, now: datetime) -> dict[str, Any]:
        challenge = self.challenge
        return {
            **self.summary(),
            "status_reason": challenge.status_reason,
            "starting_balance": amount(self.rules.starting_balance),
            "daily_drawdown_max": amount(self.rules.daily_drawdown_max),
            "total_drawdown_max": amount(self.rules.total_drawdown_max),
            "profit_target": amount(self.rules.profit_target),
            "current_equity": amount(challenge.equity),
            "daily_start_equity": amount(challenge.daily_start_equity),
            "max_equity_ever": amount(challenge.max_equity_ever),
            "total_trades": challenge.total_trades,
            "as_of": iso(now),
            "curve": list(self._curve),
            "alerts": list(self._alerts),
            "trades": list(self._trades),
        }

    def _begin_day(self, now: datetime) -> list[Event]:
        if self.challenge.status is Status.ACTIVE:
            return self.challenge.begin_day(now)
        self._waiting_days -= 1
        if self._waiting_days > 0:
            return []
        if self.challenge.status is Status.PENDING:
            return self.challenge.activate(now)
        self._waiting_days = PENDING_DAYS
        self._curve.clear()
        self._trades.clear()
        return self.challenge.reset(now)

    def _trade(self, price: Decimal, now: datetime) -> list[Event]:
        closes = [day.close for day in self.days[self._day - HISTORY_DAYS : self._day]]
        leverage = self.account.strategy(closes)
        if leverage == 0 or self.challenge.status is not Status.ACTIVE:
            return []
        move = (price - self._last_price) / self._last_price
        pnl = (self.challenge.equity * leverage * move).quantize(CENT)
        events = self.challenge.book(Trade(SYMBOL, pnl), now)
        if self.challenge.status.is_over:
            self._waiting_days = REST_DAYS
        return events

    def _advance(self) -> None:
        self._print += 1
        if self._print < PRINTS_PER_DAY:
            return
        self._print = 0
        self._day += 1
        if self._day == len(self.days):  # the end of the file: begin again where history allows
            self._day = HISTORY_DAYS
            self._last_price = self.days[self._day - 1].close

    def _remember(self, event: Event) -> None:
        payload = event.payload
        if event.name == "equity_updated":
            self._curve.append(
                {"at": str(payload["executed_at"]), "equity": str(payload["current_equity"])}
            )
            self._trades.append(
                {
                    "at": payload["executed_at"],
                    "symbol": payload["trade_symbol"],
                    "pnl": payload["trade_pnl"],
                }
            )
        elif event.name == "risk_alert":
            self._alerts.append(payload)
        elif payload["new_status"] == Status.ACTIVE.value:  # the curve begins at the balance
            balance = amount(self.rules.starting_balance)
            self._curve.append({"at": str(payload["changed_at"]), "equity": balance})
