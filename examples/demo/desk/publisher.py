"""Publishes events to the gateway's operations port: `POST /v1/publish`, one kept connection.

Trading never waits for the gateway. `publish` only appends to a bounded backlog; a thread of its
own sends, and tries again with growing pauses while the gateway is away. An event keeps its id
over all attempts, so a lost answer cannot make it appear twice.
"""

from __future__ import annotations

import json
import logging
import random
import uuid
from http.client import HTTPConnection, HTTPException
from threading import Event as Signal
from threading import Thread
from typing import Callable, Iterable
from urllib.parse import urlsplit

from .backlog import Backlog, Waiting
from .challenge import Event

TIMEOUT_SECONDS = 5.0
PAUSE_FIRST_SECONDS = 0.25
PAUSE_MAX_SECONDS = 5.0

log = logging.getLogger("publisher")


class GatewayPublisher:
    """Owns the backlog, the connection and the thread; `start` it, and `stop` it once."""

    def __init__(self, operations_url: str, api_key: str) -> None:
        address = urlsplit(operations_url)
        if address.scheme != "http" or address.hostname is None:
            raise ValueError(f"not an http:// address: {operations_url}")
        self._host, self._port = address.hostname, address.port or 80
        self._headers = {"Content-Type": "application/json", "X-API-Key": api_key}
        self._backlog = Backlog()
        self._stopping = Signal()
        self._connection: HTTPConnection | None = None
        self._thread = Thread(target=self._run, name="publisher", daemon=True)
        self.published_total = 0
        self.refused_total = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Gives up what still waits, and returns once the thread has ended."""
        self._stopping.set()
        self._backlog.close()
        self._thread.join()

    def publish(self, events: Iterable[Event]) -> None:
        for event in events:
            self._backlog.put(Waiting(str(uuid.uuid4()), event))

    @property
    def waiting(self) -> int:
        return len(self._backlog)

    @property
    def dropped_total(self) -> int:
        return self._backlog.dropped_total

    def _run(self) -> None:
        while (waiting := self._backlog.take()) is not None:
            self._send_until_answered(waiting)
        self._close_connection()

    def _send_until_answered(self, waiting: Waiting) -> None:
        away = False
        for pause in pauses():
            try:
                status = self._send(waiting)
            except (OSError, HTTPException) as error:
                self._close_connection()
                if not away:
                    log.warning("the gateway is away (%s); trading goes on", error)
                    away = True
            else:
                if not may_retry(status):
                    self._count(waiting, status)
                    if away:
                        log.info("the gateway is back; %d events waited", self.waiting)
                    return
            if self._stopping.wait(pause):
                return

    def _send(self, waiting: Waiting) -> int:
        if self._connection is None:
            self._connection = HTTPConnection(self._host, self._port, timeout=TIMEOUT_SECONDS)
        self._connection.request("POST", "/v1/publish", encode(waiting), self._headers)
        response = self._connection.getresponse()
        response.read()  # the connection can carry the next request only after this answer's end
        return response.status

    def _count(self, waiting: Waiting, status: int) -> None:
        if status < 300:
            self.published_total += 1
            return
        self.refused_total += 1
        log.error("the gateway refused %s with status %d", waiting.event.name, status)

    def _close_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def encode(waiting: Waiting) -> bytes:
    """The body of one publish request."""
    event = waiting.event
    body = {"room": event.room, "event": event.name, "data": event.payload, "id": waiting.id}
    return json.dumps(body, separators=(",", ":")).encode()


def may_retry(status: int) -> bool:
    """Busy or broken can pass; any other refusal would be repeated for ever."""
    return status == 429 or status >= 500


def pauses(spread: Callable[[], float] = random.random) -> Iterable[float]:
    """Seconds before each next attempt: doubling up to the maximum, each less up to a half."""
    pause = PAUSE_FIRST_SECONDS
    while True:
        yield pause * (1 - spread() / 2)
        pause = min(pause * 2, PAUSE_MAX_SECONDS)
