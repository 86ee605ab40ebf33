"""W9, long-polling: clients that can't use WebSocket, against as many that can, through Redis."""
import dataclasses

from driver import figures
from driver.peers import Setting
from driver.workloads import base, reading

NAME = "W9"
TITLE = "Clients that poll"
MEASURED_PEERS = ("outcry", "node")
TRANSPORTS = ("websocket", "polling")
QUICK_RATE = 100
ROWS = (  # heading, case's ending, value, form
    ("connects/s, joined", "-set-up", "per_second", figures.short),
    ("messages/s held", "", "per_second", figures.short),
    ("p50 ms at half", "-half", "p50_ms", figures.milliseconds),
    ("p99 ms at half", "-half", "p99_ms", figures.milliseconds),
)


def parts(scale, peers):
    websocket = Setting(scale.polling_connections, scale.polling_connections)
    for peer in peers:
        if peer in MEASURED_PEERS:
            for transport in TRANSPORTS:
                yield base.Part(NAME, peer, dataclasses.replace(websocket, transport=transport),
                                base.step_seconds(scale, 1 if scale.quick else 10), measure, NAME)


def measure(session, record):
    name = session.setting.transport
    base.record_set_up(session, record, f"{name}-set-up")
    base.held_and_half(session, record, name, QUICK_RATE)


def section(results):
    read = reading.Reader(results, NAME)
    rows = [(peer, heading, *[read.rounds(name + ending, peer, value) for name in TRANSPORTS], form)
            for peer in read.peers() for heading, ending, value, form in ROWS]
    return reading.pair_table(rows, ["WebSocket", "polling"])


def plots(_results):
    return {}
