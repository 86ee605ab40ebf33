"""W4, connect storm: TCP, WebSocket upgrade, Engine.IO open, Socket.IO CONNECT with a token, join and its confirmation.

128 at a time, each with a token of its own that the server verifies. The limit's are bare WebSocket upgrades.
"""
from driver import figures
from driver.peers import LIMIT
from driver.workloads import base, reading

NAME = "W4"
TITLE = "Connect storm"
STORM_LIMIT = ("storm", LIMIT)


def parts(scale, peers):
    yield base.Part(NAME, LIMIT, base.own_rooms(scale, LIMIT, feed="process"), 0.1, measure)
    for peer in peers:
        yield base.Part(NAME, peer, base.own_rooms(scale, peer), 0.1, measure)


def measure(session, record):
    base.record_set_up(session, record, "storm")


def section(results):
    read = reading.Reader(results, NAME)
    rows = [[reading.title(peer), read.lower_bound_cell("storm", peer), read.count("storm", peer),
             read.ratio_cell("storm", peer, STORM_LIMIT), *read.latency_cells("storm", peer, ("p50_ms", "p99_ms")),
             read.cores_cell("storm", peer)] for peer in read.peers("storm")]
    return figures.table(["server", "connects/s, joined", "n", "ratio to the limit, same round", "set-up p50 ms",
                          "set-up p99 ms", "server's core, user / kernel"], rows)


def plots(results):
    bars = reading.Reader(results, NAME).bars("storm", STORM_LIMIT)
    return {"w4-connects.svg": reading.bar_chart(
        "Connect storm", "connections/s until token verified and room joined; the limit: bare upgrades", [("", bars)])}
