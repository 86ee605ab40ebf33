"""The desk on the real price file: deterministic, owned, and eventful."""

from __future__ import annotations

import sqlite3
import tempfile
import unittest
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

from desk.accounts import ACCOUNTS
from desk.database import save_challenges
from desk.desk import CURVE_POINTS_MAX, Desk
from desk.prices import PRICES_FILE, read_prices

PRICES = read_prices(Path(__file__).resolve().parent / PRICES_FILE)
START = datetime(2026, 1, 1, tzinfo=timezone.utc)
OWNER = "SELECT 1 FROM challenges WHERE id = ?1 AND user_id = ?2"


def run(steps: int):
    desk = Desk(ACCOUNTS, PRICES)
    events = []
    for i in range(steps):
        events += desk.step(START + i * timedelta(milliseconds=250))
    return desk, events


class Prices(unittest.TestCase):
    def test_the_file_is_the_history_it_claims_to_be(self):
        self.assertEqual(PRICES[0].date, "2000-01-03")
        self.assertEqual(PRICES[0].close, Decimal("1455.22"))
        self.assertGreater(len(PRICES), 5000)

    def test_every_print_lies_between_low_and_high(self):
        for day in PRICES:
            self.assertLessEqual(day.low, min(day.prints), day.date)
            self.assertGreaterEqual(day.high, max(day.prints), day.date)


class Runs(unittest.TestCase):
    def test_two_runs_are_equal(self):
        self.assertEqual(run(300)[1], run(300)[1])

    def test_within_two_minutes_one_is_funded_one_fails_and_one_is_reminded(self):
        _, events = run(480)
        outcome = {
            (event.challenge_id, event.payload.get("new_status") or event.payload.get("alert_type"))
            for event in events
        }
        alice, bob, _, dave = (account.challenge_id for account in ACCOUNTS)
        self.assertIn((alice, "FUNDED"), outcome)
        self.assertIn((bob, "HIGH_DAILY_DRAWDOWN"), outcome)
        self.assertIn((bob, "FAILED"), outcome)
        self.assertIn((dave, "INACTIVE_TRADING"), outcome)

    def test_a_finished_challenge_begins_again(self):
        bob = ACCOUNTS[1].challenge_id
        _, events = run(480)
        statuses = [
            event.payload["new_status"]
            for event in events
            if event.name == "challenge_status_changed" and event.challenge_id == bob
        ]
        self.assertEqual(statuses[:4], ["ACTIVE", "FAILED", "PENDING", "ACTIVE"])

    def test_the_end_of_history_leads_back_to_its_beginning(self):
        desk = Desk(ACCOUNTS, PRICES[-80:])
        for i in range(4 * 200):
            desk.step(START + timedelta(seconds=i))
        self.assertEqual(len(desk.accounts()), len(ACCOUNTS))


class Snapshots(unittest.TestCase):
    def test_only_the_owner_gets_one(self):
        desk, _ = run(100)
        alice, bob = ACCOUNTS[0], ACCOUNTS[1]
        self.assertIsNotNone(desk.snapshot(alice.challenge_id, alice.user_id, START))
        self.assertIsNone(desk.snapshot(alice.challenge_id, bob.user_id, START))
        self.assertIsNone(desk.snapshot("unknown", alice.user_id, START))

    def test_the_curve_is_bounded_and_ends_at_the_current_equity(self):
        desk, _ = run(1200)
        for account in ACCOUNTS:
            snapshot = desk.snapshot(account.challenge_id, account.user_id, START)
            self.assertLessEqual(len(snapshot["curve"]), CURVE_POINTS_MAX)
            if snapshot["curve"]:
                self.assertEqual(snapshot["curve"][-1]["equity"], snapshot["current_equity"])


class Database(unittest.TestCase):
    def test_the_gateways_question_finds_the_owner_and_nobody_else(self):
        desk, _ = run(1)
        alice, bob = ACCOUNTS[0], ACCOUNTS[1]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "sub" / "platform.db"
            save_challenges(path, desk.challenges())
            save_challenges(path, desk.challenges())  # a restart finds its rows
            connection = sqlite3.connect(path)
            own = connection.execute(OWNER, (alice.challenge_id, alice.user_id)).fetchall()
            other = connection.execute(OWNER, (alice.challenge_id, bob.user_id)).fetchall()
            connection.close()
        self.assertEqual((own, other), ([(1,)], []))


if __name__ == "__main__":
    unittest.main()
