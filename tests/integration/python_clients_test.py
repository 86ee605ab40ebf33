"""Debian's python-socketio clients, synchronous and asyncio, over each transport."""

import asyncio
import queue
import unittest
import warnings

import socketio
from flask_socketio import SocketIO

from harness import CHANNEL, Gateway

SECONDS = 10
TRANSPORTS = {
    "websocket only": ["websocket"],
    "polling only": ["polling"],
    "upgrade": ["polling", "websocket"],
}
EVENTS = (
    "joined_challenge",
    "left_challenge",
    "error",
    "note",
    "bytes",
    "number",
    "equity_updated",
)


class Publisher:
    """What the platform's back end holds: Flask-SocketIO's and python-socketio's write-only ends."""

    def __init__(self, gateway):
        self.room = f"challenge_{gateway.challenge}"
        self.flask = SocketIO(message_queue=gateway.redis_url, channel=CHANNEL)
        self.manager = socketio.RedisManager(gateway.redis_url, channel=CHANNEL, write_only=True)


def setUpModule():
    global gateway, publisher
    # The library leaves sockets of refused connections to the garbage collector.
    warnings.simplefilter("ignore", ResourceWarning)
    gateway = Gateway()
    publisher = Publisher(gateway)


def tearDownModule():
    gateway.close()


class SyncClient:
    """The synchronous client; events are taken from queues, for each handler has its own thread."""

    def __init__(self, transports, reconnection=False):
        self.client = socketio.Client(
            reconnection=reconnection, reconnection_delay=0.1, reconnection_delay_max=0.3
        )
        self.transports = transports
        self.inboxes = {name: queue.Queue() for name in EVENTS}
        self.connects, self.refusals = queue.Queue(), queue.Queue()
        self.client.on("connect", lambda: self.connects.put(True))
        self.client.on("connect_error", self.refusals.put)
        for name, inbox in self.inboxes.items():
            self.client.on(name, inbox.put)

    def connect(self, token):
        self.client.connect(
            gateway.url, auth={"token": token}, transports=self.transports, wait_timeout=SECONDS
        )
        self.connects.get(timeout=SECONDS)

    def join(self, challenge):
        acknowledged = queue.Queue()
        request = {"challenge_id": challenge}
        self.client.emit("join_challenge", request, callback=lambda *_: acknowledged.put(True))
        acknowledged.get(timeout=SECONDS)

    def next(self, event):
        return self.inboxes[event].get(timeout=SECONDS)


class SyncClientTest(unittest.TestCase):
    def connected(self, transports, **options):
        client = SyncClient(transports, **options)
        self.addCleanup(client.client.disconnect)
        client.connect(gateway.token())
        return client

    def for_each_transport(self, check):
        for name, transports in TRANSPORTS.items():
            with self.subTest(name):
                check(transports)

    def test_joins_and_is_acknowledged(self):
        def check(transports):
            client = self.connected(transports)
            client.join(gateway.challenge)
            self.assertEqual(client.next("joined_challenge")["challenge_id"], gateway.challenge)

        self.for_each_transport(check)

    def test_receives_from_flask_python_and_http(self):
        def check(transports):
            client = self.connected(transports)
            client.join(gateway.challenge)
            payload = {"current_equity": "10250.00", "list": [1, None, True], "text": "κόσμε"}
            publisher.flask.emit("note", payload, room=publisher.room)
            self.assertEqual(client.next("note"), payload)
            publisher.manager.emit("note", payload, room=publisher.room)
            self.assertEqual(client.next("note"), payload)
            gateway.publish("note", payload)
            self.assertEqual(client.next("note"), payload)

        self.for_each_transport(check)

    def test_receives_binary(self):
        def check(transports):
            client = self.connected(transports)
            client.join(gateway.challenge)
            publisher.flask.emit("bytes", b"\x00\x01\xfe\xff", room=publisher.room)
            self.assertEqual(client.next("bytes"), b"\x00\x01\xfe\xff")

        self.for_each_transport(check)

    def test_receives_a_burst_completely(self):
        """More than the 16 packets that python-engineio takes in one polling payload."""

        def check(transports):
            client = self.connected(transports)
            client.join(gateway.challenge)
            for number in range(200):
                publisher.manager.emit("number", number, room=publisher.room)
            self.assertEqual(sorted(client.next("number") for _ in range(200)), list(range(200)))

        self.for_each_transport(check)

    def test_is_refused_with_a_message(self):
        def check(transports):
            client = SyncClient(transports)
            with self.assertRaises(socketio.exceptions.ConnectionError):
                client.client.connect(
                    gateway.url, auth={"token": "bad"}, transports=transports, wait_timeout=1
                )
            refusal = client.refusals.get(timeout=SECONDS)
            self.assertTrue(refusal["message"] if isinstance(refusal, dict) else refusal)
            client.client.disconnect()

        self.for_each_transport(check)

    def test_is_refused_a_foreign_challenge(self):
        def check(transports):
            client = self.connected(transports)
            client.join(gateway.foreign)
            self.assertTrue(client.next("error")["message"])

        self.for_each_transport(check)

    def test_connects_again_after_a_restart(self):
        def check(transports):
            client = self.connected(transports, reconnection=True)
            client.join(gateway.challenge)
            client.next("joined_challenge")
            gateway.program.kill()
            gateway.start()
            client.connects.get(timeout=30)
            client.join(gateway.challenge)
            client.next("joined_challenge")
            publisher.flask.emit("note", "again", room=publisher.room)
            self.assertEqual(client.next("note"), "again")
            client.client.disconnect()  # or its reconnection thread outlives the test

        self.for_each_transport(check)


class AsyncClientTest(unittest.IsolatedAsyncioTestCase):
    async def connected(self, transports):
        client = socketio.AsyncClient(reconnection=False)
        inboxes = {name: asyncio.Queue() for name in EVENTS}
        for name, inbox in inboxes.items():
            client.on(name, inbox.put_nowait)
        await client.connect(
            gateway.url,
            auth={"token": gateway.token()},
            transports=transports,
            wait_timeout=SECONDS,
        )
        self.addAsyncCleanup(client.disconnect)
        return client, inboxes

    async def test_joins_receives_in_order_and_leaves(self):
        for name, transports in TRANSPORTS.items():
            with self.subTest(name):
                client, inboxes = await self.connected(transports)
                challenge = {"challenge_id": gateway.challenge}
                await client.call("join_challenge", challenge, timeout=SECONDS)
                answer = await asyncio.wait_for(inboxes["joined_challenge"].get(), SECONDS)
                self.assertEqual(answer["challenge_id"], gateway.challenge)
                for number in range(100):
                    publisher.manager.emit("number", number, room=publisher.room)
                for number in range(100):
                    got = await asyncio.wait_for(inboxes["number"].get(), SECONDS)
                    self.assertEqual(got, number)
                publisher.manager.emit("bytes", b"\xff\x00", room=publisher.room)
                got = await asyncio.wait_for(inboxes["bytes"].get(), SECONDS)
                self.assertEqual(got, b"\xff\x00")
                second = {"challenge_id": gateway.second}
                await client.call("join_challenge", second, timeout=SECONDS)
                await client.call("leave_challenge", challenge, timeout=SECONDS)
                publisher.manager.emit("note", "left", room=publisher.room)
                publisher.manager.emit("note", "stayed", room=f"challenge_{gateway.second}")
                got = await asyncio.wait_for(inboxes["note"].get(), SECONDS)
                self.assertEqual(got, "stayed")

    async def test_is_refused_with_a_bad_token(self):
        for name, transports in TRANSPORTS.items():
            with self.subTest(name):
                client = socketio.AsyncClient(reconnection=False)
                with self.assertRaises(socketio.exceptions.ConnectionError):
                    await client.connect(
                        gateway.url,
                        auth={"token": "bad"},
                        transports=transports,
                        wait_timeout=1,  # all of it is waited for
                    )
                await client.disconnect()


if __name__ == "__main__":
    unittest.main()
