"""The trading loop: a step of the desk at a fixed pace, published and saved."""

from __future__ import annotations

import logging
import sqlite3
import time
from datetime import datetime, timezone
from pathlib import Path
from threading import Event as Signal
from typing import Protocol, Sequence

from .challenge import Event
from .database import save_challenges
from .desk import Desk

log = logging.getLogger("trading")


class Publisher(Protocol):
    """Takes events at once and never waits; delivery is its own affair."""

    def publish(self, events: Sequence[Event]) -> None: ...


def trade_until(
    stop: Signal, desk: Desk, publisher: Publisher, database: Path, interval_seconds: float
) -> None:
    """Steps until `stop` is set. The pace is kept by the clock, so that it does not drift."""
    due = time.monotonic()
    while not stop.is_set():
        events = desk.step(datetime.now(timezone.utc))
        publisher.publish(events)
        _record_changes(events, desk, database)
        due = max(due + interval_seconds, time.monotonic())
        stop.wait(due - time.monotonic())


def _record_changes(events: Sequence[Event], desk: Desk, database: Path) -> None:
    changes = [event for event in events if event.name == "challenge_status_changed"]
    for event in changes:
        log.info("%s %s: %s", event.room, event.payload["new_status"], event.payload["reason"])
    if not changes:
        return
    try:
        save_challenges(database, desk.challenges())
    except sqlite3.Error as error:
        log.error("cannot save to %s: %s", database, error)  # saved again with the next change
