"""python-socketio acknowledges by itself, when its handler returns: what wasn't comes again."""

import queue
import threading
import unittest
import warnings

import socketio

from harness import Gateway

SECONDS = 10


def setUpModule():
    global gateway
    # The library leaves sockets of ended connections to the garbage collector.
    warnings.simplefilter("ignore", ResourceWarning)
    threading.excepthook = lambda failure: None  # handlers fail on purpose, in threads of their own
    gateway = Gateway(acknowledge=["alert"])


def tearDownModule():
    gateway.close()


class Failed(Exception):
    """What a handler throws that could not deal with its event."""


class AcknowledgeTest(unittest.TestCase):
    def member(self, transports, works=True):
        """A new client in the trader's room; returns it and what it gets, in order."""
        got = queue.Queue()
        client = socketio.Client(reconnection=False, handle_sigint=False)
        self.addCleanup(client.disconnect)

        @client.on("alert")
        def on_alert(data):
            got.put(data["n"])
            if not works:
                raise Failed

        client.connect(gateway.url, auth={"token": gateway.token()}, transports=transports)
        self.ask(client, "join_challenge", {"challenge_id": gateway.challenge})
        return client, got

    def ask(self, client, event, data=None):
        answered = queue.Queue()
        client.emit(event, data, callback=lambda *_: answered.put(True))
        answered.get(timeout=SECONDS)

    def after(self, transports):
        """What comes again on another connection."""
        client, got = self.member(transports)
        gateway.publish("alert", {"n": "end"})
        numbers = list(iter(lambda: got.get(timeout=SECONDS), "end"))
        self.ask(client, "unheard_of")  # behind the acknowledgements
        client.disconnect()
        return numbers

    def check(self, transports):
        client, got = self.member(transports)
        gateway.publish("alert", {"n": 1})
        self.assertEqual(got.get(timeout=SECONDS), 1)
        self.ask(client, "unheard_of")
        client.disconnect()
        self.assertNotIn(1, self.after(transports))

    def test_a_handler_that_returns_acknowledges(self):
        for transports in (["websocket"], ["polling"], ["polling", "websocket"]):
            with self.subTest(transports):
                self.check(transports)

    def test_a_handler_that_fails_gets_it_again(self):
        client, got = self.member(["websocket"], works=False)
        gateway.publish("alert", {"n": 2})
        self.assertEqual(got.get(timeout=SECONDS), 2)
        client.disconnect()
        self.assertIn(2, self.after(["websocket"]))

    def test_comes_again_after_kill_9(self):
        _, got = self.member(["websocket"], works=False)
        gateway.publish("alert", {"n": 3})
        self.assertEqual(got.get(timeout=SECONDS), 3)
        gateway.program.kill()
        gateway.start()
        self.assertIn(3, self.after(["websocket"]))


if __name__ == "__main__":
    unittest.main()
