"""The program as a whole: it starts, trades without a gateway, and ends when told to."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
SECONDS_MAX = 30


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Program(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.port = free_port()
        (self.folder / "secret").write_text("a secret of at least thirty-two bytes\n")
        (self.folder / "api_key").write_text("the-key\n")

    def start(self, *more: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [
                *(sys.executable, str(HERE / "backend.py"), "--port", str(self.port)),
                *("--gateway", f"http://127.0.0.1:{free_port()}", "--interval-ms", "5"),
                *("--secret-file", "secret", "--api-key-file", "api_key"),
                *("--database", "platform.db", *more),
            ],
            cwd=self.folder,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def get(self, path: str) -> dict:
        url = f"http://127.0.0.1:{self.port}{path}"
        with urllib.request.urlopen(url, timeout=SECONDS_MAX) as response:
            return json.load(response)

    def eventually(self, found) -> dict:
        """Asks for the program's health until `found` likes it."""
        deadline = time.monotonic() + SECONDS_MAX
        while time.monotonic() < deadline:
            try:
                health = self.get("/healthz")
            except OSError:
                health = {}
            if health and found(health):
                return health
            time.sleep(0.05)
        raise AssertionError("the back end did not get there")

    def test_it_trades_while_the_gateway_is_away_and_ends_cleanly(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            process = self.start()
            health = self.eventually(lambda health: health["waiting"] > 20)
            self.assertEqual(health["published"], 0)
            statuses = {account["status"] for account in self.get("/accounts")["accounts"]}
            self.assertIn("ACTIVE", statuses)
            process.send_signal(number)
            self.assertEqual(process.wait(SECONDS_MAX), 0)

    def test_a_missing_price_file_is_named(self):
        process = self.start("--prices", "nowhere.csv")
        self.assertEqual(process.wait(SECONDS_MAX), 1)
        self.assertIn("nowhere.csv", process.stderr.read())

    def test_a_port_in_use_ends_it_with_a_message(self):
        with socket.create_server(("127.0.0.1", self.port)):
            process = self.start()
            self.assertEqual(process.wait(SECONDS_MAX), 1)
        self.assertIn("in use", process.stderr.read())


if __name__ == "__main__":
    unittest.main()
