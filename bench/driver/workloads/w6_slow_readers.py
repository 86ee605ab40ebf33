"""W6, slow readers: one connection in ten stops reading. What do the others notice, what does it cost, and in what
state do the slow ones end?

Rooms of many members, so that every room has slow readers. First all read; then one in ten stops while the same is
published; then they read on, and what each connection got since the stop is compared with what was published. It may
be everything; or all of the events that may not be lost and the newest of the others; or the connection was closed,
which a client answers by coming back. An open connection that lacks anything else is a fault.
"""
from driver import figures, plot
from driver.peers import Setting
from driver.workloads import base, reading

NAME = "W6"
TITLE = "One reader in ten stops"
SLOW_SHARE = 0.1
MEASURED_PEERS = ("outcry", "node")  # Flask does not hold the rate
# Nine events of which only the newest matters, over five keys, to each one that may not be lost.
TEMPLATES = {"python_pickle": ("python_pickle.hex=9", "python_pickle_risk.hex=1"),
             "node_msgpack": ("node_msgpack.hex=9", "node_msgpack_risk.hex=1")}
KEYS = 5
PHASES = {"reading": "all read", "stopped": "one in ten has stopped"}
STATES = {"complete": "got every event", "conflated": "got all that may not be lost, and the newest of the others",
          "closed_4429": "closed with 4429, may come back", "closed_other": "closed otherwise",
          "incomplete": "open, but an event is missing", "stale": "open, but the newest is missing"}


def parts(scale, peers):
    setting = Setting(scale.slow_rooms * scale.slow_members, scale.slow_rooms, slow_share=SLOW_SHARE)
    for peer in peers:
        if peer in MEASURED_PEERS:
            yield base.Part(NAME, peer, setting, base.step_seconds(scale, 2, scale.slow_seconds), measurement(scale))


def measurement(scale):
    def measure(session, record):
        options = {"seconds": scale.slow_seconds, "templates": TEMPLATES[session.peer.template], "keys": KEYS}
        # Small receive buffers are full at times: then a newer value may supersede one that waits.
        before = session.measure(scale.slow_rate, all_arrive=False, **options)
        record("reading", base.values_of(before), before)
        session.drain()
        session.load.ask("stall")
        # Not repeated when disturbed: it would begin with the connections in another state.
        ledger = session.run.folder / "ledger"
        during = session.step(scale.slow_rate, ledger=ledger, **options)
        session.describe_step(during)
        record("stopped", base.values_of(during), during)
        session.load.ask("resume")
        session.drain()
        verdict = session.load.ask(f"verify {ledger}")
        ledger.unlink()
        faults = []
        if verdict["faults"]:
            faults.append(f"{verdict['faults']} connections lack what they must have: {verdict.get('example', '')}")
        record("end", {state: verdict["slow"][state] for state in STATES}, verdict, disturbed=False, faults=faults)
    return measure


def section(results):
    read = reading.Reader(results, NAME)
    peers = read.peers("reading", "stopped", "end")
    phases = [[reading.title(peer), what, read.count(case, peer, "p99_ms"), *read.latency_cells(case, peer),
               read.cell(case, peer, "memory_mb", figures.grouped)]
              for peer in peers for case, what in PHASES.items()]
    ends = [[reading.title(peer), read.count("end", peer, "complete"),
             *[read.cell("end", peer, state, figures.grouped) for state in STATES]] for peer in peers]
    return (figures.table(["server", "", "n", "p50 ms of those who read", "p99 ms", "p99.9 ms", "server's MB"], phases)
            + "\n\nHow the slow readers end, in connections:\n\n"
            + figures.table(["server", "n", *STATES.values()], ends))


def plots(results):
    read = reading.Reader(results, NAME)
    groups = []
    for peer in read.peers(*PHASES):
        found = {case: read.spread(case, peer, "p99_ms") for case in PHASES}
        groups.append((reading.short_title(peer), [
            plot.Bar(PHASES[case], "limit" if case == "reading" else peer, one.median, one.low, one.high,
                     f"{figures.milliseconds(one.median)} ms")
            for case, one in found.items() if one]))
    return {"w6-slow-readers.svg": reading.bar_chart(
        "One reader in ten stops", "p99 of those who read, ms from publish to receipt", groups)}
