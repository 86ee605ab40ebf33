"""Events waiting to be published, bounded, so that a gateway that is away costs no memory.

When it is full the oldest equity update goes first: the next one replaces it anyway. A status or
an alert is given up only when nothing else is left.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from threading import Condition

from .challenge import Event

BACKLOG_MAX = 2000


@dataclass(frozen=True)
class Waiting:
    """An event and its idempotency id, which stays the same however often it is sent."""

    id: str
    event: Event


class Backlog:
    """A queue between the trading thread, which never waits, and the publishing thread."""

    def __init__(self, limit: int = BACKLOG_MAX) -> None:
        self._limit = limit
        self._waiting: deque[Waiting] = deque()
        self._changed = Condition()
        self._closed = False
        self.dropped_total = 0

    def __len__(self) -> int:
        with self._changed:
            return len(self._waiting)

    def put(self, waiting: Waiting) -> None:
        with self._changed:
            self._waiting.append(waiting)
            if len(self._waiting) > self._limit:
                self._drop_one()
            self._changed.notify()

    def take(self) -> Waiting | None:
        """The oldest event; waits for one. None once the backlog is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            return None if self._closed else self._waiting.popleft()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _drop_one(self) -> None:
        self.dropped_total += 1
        for waiting in self._waiting:
            if waiting.event.name == "equity_updated":
                self._waiting.remove(waiting)
                return
        self._waiting.popleft()
