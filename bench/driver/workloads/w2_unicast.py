"""W2, unicast: every connection has a room of its own, and each event goes to a random one.

(i) published in the server, (ii) by a process of its own through Redis, in the messages of the libraries that back ends
use; and to Outcry over HTTP as well, in batches.
"""
from driver import figures
from driver.peers import LIMIT
from driver.search import PRECISION
from driver.workloads import base, reading

NAME = "W2"
TITLE = "One message at a time to one of many rooms"
PROCESS_LIMIT = ("process", LIMIT)
QUICK_RATE = 500


def parts(scale, peers):
    for peer in [LIMIT, *peers]:
        yield base.Part(NAME, peer, base.own_rooms(scale, peer, feed="process"), base.step_seconds(scale, 2),
                        measure_in_process)
        if peer != LIMIT:
            yield base.Part(NAME, peer, base.own_rooms(scale, peer), base.step_seconds(scale, 1 if scale.quick else 10),
                            measure_through_redis)
        if peer == "outcry":
            yield base.Part(NAME, peer, base.own_rooms(scale, peer), base.step_seconds(scale, 1 if scale.quick else 10),
                            measure_over_http)


def measure_in_process(session, record):
    base.maximum_and_half(session, record, "process")


def measure_through_redis(session, record):
    base.held_and_half(session, record, "redis", QUICK_RATE)


def measure_over_http(session, record):
    base.held_and_half(session, record, "http", QUICK_RATE, http=True)


def section(results):
    read = reading.Reader(results, NAME)
    process = read.maximum_table("process", "messages/s", PROCESS_LIMIT)
    return (f"### Published in process\n\n{process}\n\n"
            "### Published by another process, through Redis or over HTTP\n\n"
            f"{outside_table(read)}\n\nHeld: the highest rate that was held for the whole window, to "
            f"{PRECISION - 1:.0%}.")


def outside_table(read):
    own = read.rounds("redis", "outcry")
    rows = []
    for case, how in (("redis", ""), ("http", ", over HTTP")):
        for peer in read.peers(case):
            times = figures.written(figures.ratios(own, read.rounds(case, peer)), figures.two_places)
            rows.append([reading.title(peer) + how, read.lower_bound_cell(case, peer), read.count(case, peer),
                         read.ratio_cell(case, peer, PROCESS_LIMIT), times,
                         read.cell(case, peer, "peak"), *read.latency_cells(f"{case}-half", peer),
                         read.cores_cell(f"{case}-half", peer)])
    return figures.table(["server", "messages/s held", "n", "ratio to the limit in process",
                          "Outcry through Redis holds … times this", "most in any step", "p50 ms at half",
                          "p99 ms at half", "p99.9 ms at half", "server's core, user / kernel, at half"], rows)


def plots(results):
    read = reading.Reader(results, NAME)
    return {"w2-unicast.svg": reading.bar_chart(
        TITLE, "messages/s of a server on one core, each connection in its own room",
        [("published in process", read.bars("process", PROCESS_LIMIT)),
         ("published through Redis", read.bars("redis", PROCESS_LIMIT, of="of the limit in process"))])}
