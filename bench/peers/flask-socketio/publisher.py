"""A back end inside the server: publishes what it is told on standard input, and answers each line by a line of JSON.

  publish room|random RATE BURST FROM TO    as in ../node-socketio/publisher.js
  quit
"""
import json
import os
import random
import time

import eventlet
from eventlet.green import os as green_os

EVENT = "equity_updated"
RANDOM_BATCH = 256  # events in a turn, when as fast as can be
SECOND_NS = 1_000_000_000


def challenge_id(index):
    return f"bench-{index:07}"


class Publisher:
    def __init__(self, socketio, payload, rooms, one_room):
        self.socketio = socketio
        self.payload = payload
        self.rooms = rooms
        self.one_room = one_room
        self.sent = self.sent_in_window = self.newest = self.deliveries = 0
        self.last_queue = None  # of the socket that is written last of all that were published to
        self.window = (0, 0)

    def publish(self, rate, burst, window):
        self.window = window
        start, cpu = time.monotonic_ns(), time.process_time()
        while (now := time.monotonic_ns()) < window[1]:
            if rate == 0:
                if self.is_written():
                    self.emit(burst if self.one_room else RANDOM_BATCH)
                eventlet.sleep(0)
                continue
            due = rate * (now - start) / SECOND_NS - self.sent
            if due >= burst:
                self.emit(burst)
            eventlet.sleep(max(0.0, min((burst - due) / rate, (window[1] - now) / SECOND_NS)))
        seconds = (time.monotonic_ns() - start) / SECOND_NS
        return {"sent": self.sent, "sent_in_window": self.sent_in_window, "seconds": seconds,
                "per_second": self.sent / seconds, "deliveries": self.deliveries,
                "cpu": (time.process_time() - cpu) / seconds}

    def emit(self, count):
        for _ in range(count):
            self.emit_to(0 if self.one_room else random.randrange(self.rooms))

    def emit_to(self, index):
        # Never the same time twice, so that a receiver can tell a doubled or late event.
        self.newest = max(time.monotonic_ns(), self.newest + 1)
        self.sent_in_window += self.window[0] <= self.newest < self.window[1]
        room = f"challenge_{challenge_id(index)}"
        self.socketio.emit(EVENT, self.payload | {"challenge_id": challenge_id(index),
                                                  "executed_at_ns": f"{self.newest:019}"}, room=room)
        self.sent += 1
        manager = self.socketio.server.manager
        members = manager.rooms.get("/", {}).get(room, {})
        self.deliveries += len(members)
        if members and not (self.one_room and self.last_queue):
            *_, last = members.values()  # socket -> Engine.IO's id
            self.last_queue = self.socketio.server.eio.sockets[last].queue

    def is_written(self):
        """Whether the last event has left the library's queue; the kernel takes it right then."""
        return self.last_queue is None or self.last_queue.empty()


def read_lines():
    """Lines of standard input, without keeping the other green threads from running."""
    os.set_blocking(0, False)
    waiting = b""
    while chunk := green_os.read(0, 4096):
        *lines, waiting = (waiting + chunk).split(b"\n")
        yield from (line.decode() for line in lines)


def take_commands(socketio, payload, rooms):
    """Answers until `quit` or the end of the input, then ends the process."""
    for line in read_lines():
        if line == "quit":
            break
        try:
            command, where, rate, burst, opens, closes = line.split()
            if command != "publish" or where not in ("room", "random"):
                raise ValueError(line)
            answer = Publisher(socketio, payload, rooms, where == "room").publish(
                float(rate), int(burst), (int(opens), int(closes)))
        except ValueError:
            answer = {"error": "publish room|random RATE BURST FROM TO"}
        print(json.dumps(answer), flush=True)
    os._exit(0)  # the server's loop has no other way out
