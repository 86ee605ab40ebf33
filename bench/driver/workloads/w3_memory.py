"""W3, memory: what an idle connection costs that is authenticated, joined and waits for events.

Growth of the server's resident size from before the first connection to two seconds after the last join.
"""
from driver import figures
from driver.peers import LIMIT
from driver.workloads import base, reading

NAME = "W3"
TITLE = "Memory"
UNDER_LOAD = ("W1", "W2", "W5")


def parts(scale, peers):
    yield base.Part(NAME, LIMIT, base.own_rooms(scale, LIMIT, feed="process"), 0.1, measure)
    for peer in peers:
        yield base.Part(NAME, peer, base.own_rooms(scale, peer), 0.1, measure)


def measure(session, record):
    # Memory is what it is, whoever else uses the processor.
    record("idle", base.set_up_values(session), {"set_up": session.set_up, "idle_kb": session.idle_kb}, disturbed=False)


def highest(results, peer):
    """The largest resident size in MB of any step under load, by round."""
    by_round = {}
    for record in results.records:
        if record["peer"] == peer and record["workload"] in UNDER_LOAD:
            size = record["values"].get("memory_mb", 0)
            by_round[record["round"]] = max(by_round.get(record["round"], 0), size)
    return figures.spread_of(size or None for size in by_round.values())


def section(results):
    read = reading.Reader(results, NAME)
    rows = [[reading.title(peer), read.cell("idle", peer, "connections", figures.grouped),
             read.count("idle", peer, "bytes_each"), read.cell("idle", peer, "bytes_each", figures.grouped),
             read.cell("idle", peer, "idle_mb", figures.grouped),
             figures.written(highest(results, peer), figures.grouped)] for peer in read.peers("idle")]
    return figures.table(["server", "connections", "n", "bytes for each", "MB idle, in all",
                          f"MB at most in {', '.join(UNDER_LOAD)}"], rows)


def plots(results):
    bars = reading.Reader(results, NAME).bars("idle", value="bytes_each", form=figures.grouped)
    return {"w3-memory.svg": reading.bar_chart(
        "Memory for each idle connection", "bytes of resident size, token verified and room joined", [("", bars)])}
