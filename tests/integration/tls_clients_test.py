"""Debian's python-socketio client over https and wss, with a certificate that it verifies."""

import queue
import unittest

import requests
import socketio

from harness import Gateway

SECONDS = 10
EVENTS = ("joined_challenge", "note")
TRANSPORTS = (["websocket"], ["polling"], ["polling", "websocket"])


def setUpModule():
    global gateway
    gateway = Gateway(tls=True)


def tearDownModule():
    gateway.close()


def client_that_trusts(root):
    """A client, and a queue for each of EVENTS. Its WebSocket takes the root from the session as well."""
    session = requests.Session()
    session.trust_env = False  # a bundle of the environment would come before `verify`
    session.verify = root
    client = socketio.Client(reconnection=False, http_session=session)
    inboxes = {name: queue.Queue() for name in EVENTS}
    for name, inbox in inboxes.items():
        client.on(name, inbox.put)
    return client, inboxes


class TlsClients(unittest.TestCase):
    def test_joins_and_receives_over_each_transport(self):
        for transports in TRANSPORTS:
            with self.subTest(transports=transports):
                client, inboxes = client_that_trusts(gateway.root)
                client.connect(gateway.url, auth={"token": gateway.token()}, transports=transports)
                self.addCleanup(client.disconnect)
                self.assertEqual(client.transport(), transports[-1])
                client.emit("join_challenge", {"challenge_id": gateway.challenge})
                inboxes["joined_challenge"].get(timeout=SECONDS)
                for number in range(20):
                    gateway.publish("note", {"number": number})
                for number in range(20):
                    event = inboxes["note"].get(timeout=SECONDS)
                    self.assertEqual(event, {"number": number})

    def test_a_client_that_does_not_trust_the_root_is_not_connected(self):
        for transports in TRANSPORTS:
            with self.subTest(transports=transports):
                client, _ = client_that_trusts(True)
                with self.assertRaises(socketio.exceptions.ConnectionError):
                    client.connect(
                        gateway.url, auth={"token": gateway.token()}, transports=transports
                    )


if __name__ == "__main__":
    unittest.main()
