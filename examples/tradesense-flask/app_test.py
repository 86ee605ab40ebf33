"""The application with a real Redis server: what it publishes, and what it serves."""

from __future__ import annotations

import json
import pickle
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

import redis

HERE = Path(__file__).resolve().parent
START_SECONDS_MAX = 30


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def eventually(attempt):
    """Repeats `attempt` until it raises no longer; a server needs a moment to start."""
    deadline = time.monotonic() + START_SECONDS_MAX
    while True:
        try:
            return attempt()
        except (OSError, redis.ConnectionError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def decode(message: bytes) -> dict:
    """python-socketio pickled its messages up to 5.13, and writes JSON since."""
    return json.loads(message) if message.startswith(b"{") else pickle.loads(message)


class Application(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.redis_port, self.port = free_port(), free_port()
        (self.folder / "secret").write_text("a secret of at least thirty-two bytes\n")

    def start(self, *command: str) -> subprocess.Popen:
        process = subprocess.Popen(
            command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        return process

    def start_redis(self) -> redis.Redis:
        port = str(self.redis_port)
        self.start(
            *("redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", "."),
        )
        client = redis.Redis(port=self.redis_port, socket_timeout=START_SECONDS_MAX)
        self.addCleanup(client.close)
        eventually(client.ping)
        return client

    def start_app(self) -> subprocess.Popen:
        return self.start(
            *(sys.executable, str(HERE / "app.py"), "--port", str(self.port)),
            *("--redis", f"redis://127.0.0.1:{self.redis_port}/0", "--interval-ms", "5"),
            *("--secret-file", "secret", "--database", "platform.db"),
        )

    def get(self, path: str, token: str = "") -> dict:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        with urllib.request.urlopen(request, timeout=START_SECONDS_MAX) as response:
            return json.load(response)

    def test_events_leave_through_the_channel_to_the_owners_room(self):
        subscription = self.start_redis().pubsub(ignore_subscribe_messages=True)
        subscription.subscribe("tradesense_websocket")
        self.start_app()
        names = set()
        for item in subscription.listen():
            message = decode(item["data"])
            self.assertEqual(message["method"], "emit")
            self.assertEqual(message["namespace"], "/")
            data = message["data"][0] if isinstance(message["data"], list) else message["data"]
            self.assertEqual(message["room"], f"challenge_{data['challenge_id']}")
            names.add(message["event"])
            if names == {"equity_updated", "challenge_status_changed", "risk_alert"}:
                break

    def test_it_serves_the_platforms_api_while_redis_is_away_and_ends_cleanly(self):
        process = self.start_app()
        accounts = eventually(lambda: self.get("/accounts"))["accounts"]
        token = self.get("/token?account=alice")["token"]
        snapshot = self.get(f"/challenges/{accounts[0]['challenge_id']}", token)
        self.assertEqual(snapshot["account"], "alice")
        process.terminate()
        self.assertEqual(process.wait(timeout=START_SECONDS_MAX), 0)


if __name__ == "__main__":
    unittest.main()
