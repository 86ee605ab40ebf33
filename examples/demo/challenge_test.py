"""The rules of a challenge: each limit just below, at and after it."""

from __future__ import annotations

import unittest
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from desk.challenge import Challenge, Status, Trade, iso, percent_below

NOW = datetime(2026, 1, 31, 9, 30, 0, 250_000, tzinfo=timezone.utc)
EQUITY_KEYS = [
    "challenge_id", "user_id", "previous_equity", "current_equity", "max_equity_ever",
    "daily_start_equity", "daily_max_equity", "daily_min_equity", "total_pnl", "total_trades",
    "last_trade_at", "trade_pnl", "trade_symbol", "executed_at",
]  # fmt: skip
ALERT_KEYS = [
    "challenge_id", "user_id", "alert_type", "severity", "title", "message", "current_equity",
    "daily_start_equity", "drawdown_percentage", "threshold_percentage", "alert_timestamp",
]  # fmt: skip


def active_challenge() -> Challenge:
    challenge = Challenge("c-1", "u-1")
    challenge.activate(NOW)
    challenge.begin_day(NOW)
    return challenge


def book(challenge: Challenge, pnl: str):
    return challenge.book(Trade("SPX", Decimal(pnl)), NOW)


def names(events) -> list[str]:
    return [event.name for event in events]


class Trading(unittest.TestCase):
    def test_a_trade_announces_exactly_the_agreed_fields(self):
        (event,) = book(active_challenge(), "-120.50")
        self.assertEqual(event.room, "challenge_c-1")
        self.assertEqual(list(event.payload), EQUITY_KEYS)
        self.assertEqual(event.payload["previous_equity"], "100000.00")
        self.assertEqual(event.payload["current_equity"], "99879.50")
        self.assertEqual(event.payload["daily_min_equity"], "99879.50")
        self.assertEqual(event.payload["daily_max_equity"], "100000.00")
        self.assertEqual(event.payload["total_pnl"], "-120.50")
        self.assertEqual(event.payload["total_trades"], 1)
        self.assertEqual(event.payload["executed_at"], "2026-01-31T09:30:00.250Z")

    def test_cents_never_drift(self):
        challenge = active_challenge()
        for _ in range(1000):
            book(challenge, "0.10")
        self.assertEqual(challenge.equity, Decimal("100100.00"))

    def test_a_pending_challenge_does_not_trade(self):
        challenge = Challenge("c-1", "u-1")
        self.assertEqual(book(challenge, "10.00"), [])
        self.assertEqual(challenge.equity, Decimal("100000.00"))


class DailyDrawdown(unittest.TestCase):
    def test_no_alert_one_cent_short_of_the_warning(self):
        self.assertEqual(names(book(active_challenge(), "-2999.99")), ["equity_updated"])

    def test_a_warning_at_three_percent_and_only_once_a_day(self):
        challenge = active_challenge()
        _, alert = book(challenge, "-3000.00")
        self.assertEqual(list(alert.payload), ALERT_KEYS)
        self.assertEqual(alert.payload["alert_type"], "HIGH_DAILY_DRAWDOWN")
        self.assertEqual(alert.payload["severity"], "WARNING")
        self.assertEqual(alert.payload["drawdown_percentage"], "3.00")
        self.assertEqual(alert.payload["threshold_percentage"], "3.00")
        self.assertEqual(names(book(challenge, "-100.00")), ["equity_updated"])

    def test_the_next_day_is_measured_anew(self):
        challenge = active_challenge()
        book(challenge, "-3000.00")
        challenge.begin_day(NOW)
        self.assertEqual(names(book(challenge, "-2000.00")), ["equity_updated"])
        self.assertEqual(challenge.status, Status.ACTIVE)

    def test_five_percent_ends_the_challenge_after_a_critical_alert(self):
        challenge = active_challenge()
        _, alert, change = book(challenge, "-5000.00")
        self.assertEqual(names([alert, change]), ["risk_alert", "challenge_status_changed"])
        self.assertEqual(alert.payload["severity"], "CRITICAL")
        self.assertEqual(change.payload["old_status"], "ACTIVE")
        self.assertEqual(change.payload["new_status"], "FAILED")
        self.assertEqual(book(challenge, "1.00"), [])

    def test_one_cent_short_of_five_percent_goes_on(self):
        challenge = active_challenge()
        _, alert = book(challenge, "-4999.99")
        self.assertEqual(alert.payload["drawdown_percentage"], "4.99")
        self.assertEqual(challenge.status, Status.ACTIVE)


class TotalDrawdown(unittest.TestCase):
    def test_it_is_measured_from_the_highest_equity(self):
        challenge = active_challenge()
        book(challenge, "4000.00")
        for _ in range(3):
            challenge.begin_day(NOW)
            events = book(challenge, "-3500.00")
        self.assertEqual(challenge.total_drawdown.quantize(Decimal("0.01")), Decimal("10.10"))
        self.assertEqual(events[-1].payload["new_status"], "FAILED")
        self.assertIn("Total drawdown", events[-1].payload["reason"])


class Ending(unittest.TestCase):
    def test_one_cent_short_of_the_target_is_not_funded(self):
        challenge = active_challenge()
        book(challenge, "9999.99")
        self.assertEqual(challenge.status, Status.ACTIVE)
        self.assertEqual(book(challenge, "0.01")[-1].payload["new_status"], "FUNDED")

    def test_a_reset_restores_the_balance_and_says_so(self):
        challenge = active_challenge()
        book(challenge, "-6000.00")
        (event,) = challenge.reset(NOW)
        self.assertEqual(event.payload["new_status"], "PENDING")
        self.assertEqual(challenge.equity, Decimal("100000.00"))
        self.assertEqual(challenge.total_trades, 0)

    def test_an_idle_account_is_reminded_and_a_trade_starts_the_count_again(self):
        challenge = active_challenge()
        idle = challenge.rules.inactive_days_max
        quiet = [event for _ in range(idle - 1) for event in challenge.begin_day(NOW)]
        self.assertEqual(quiet, [])
        (alert,) = challenge.begin_day(NOW)
        self.assertEqual(alert.payload["alert_type"], "INACTIVE_TRADING")
        book(challenge, "1.00")
        self.assertEqual(challenge.begin_day(NOW), [])


class Formats(unittest.TestCase):
    def test_times_are_utc_whatever_zone_they_come_in(self):
        east = timezone(timedelta(hours=2))
        self.assertEqual(iso(datetime(2026, 1, 1, 1, tzinfo=east)), "2025-12-31T23:00:00.000Z")

    def test_a_profit_is_no_drawdown(self):
        self.assertEqual(percent_below(Decimal(101), Decimal(100)), 0)


if __name__ == "__main__":
    unittest.main()
