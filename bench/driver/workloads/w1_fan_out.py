"""W1, fan-out: every event goes to all members of one room, published in the server, so that nothing else is measured.

'Turn': one event in each turn of the server's loop, so one frame in each `send()`. 'Backlog': events come faster than
they can be written one at a time, 16 at once, and a server may write several frames with one `send()`.
"""
from driver import figures
from driver.peers import LIMIT, Setting
from driver.workloads import base, reading

NAME = "W1"
TITLE = "Fan-out to one room, published in process"
LARGE = 1_000  # members; above, a slow server makes few events
BURSTS = {"turn": 1, "backlog": 16}
HEADINGS = {"turn": "one event in each turn of the loop", "backlog": "backlog: 16 events in each turn of the loop"}


def parts(scale, peers):
    for members in scale.fan_out_members:
        options = {}
        if members > LARGE:
            options = {"seconds": scale.fan_out_window_seconds, "grace_seconds": scale.fan_out_grace_seconds}
        seconds = base.step_seconds(scale, 4, sum(options.values()))
        for peer in [LIMIT, *peers]:
            yield base.Part(NAME, peer, Setting(members, 1, feed="process"), seconds, measurement(options))


def measurement(options):
    def measure(session, record):
        for name, burst in BURSTS.items():
            base.maximum_and_half(session, record, f"{name}-{session.setting.members}", burst=burst, **options)
    return measure


def sizes(results, name):
    """The rooms' sizes that were measured, smallest first."""
    return sorted({int(record["case"].split("-")[1]) for record in results.records
                   if record["workload"] == NAME and record["case"].startswith(f"{name}-")})


def section(results):
    read = reading.Reader(results, NAME)
    found = []
    for name, heading in HEADINGS.items():
        for members in sizes(results, name):
            case = f"{name}-{members}"
            found.append(f"### {members:,} members, {heading}\n\n"
                         + read.maximum_table(case, "deliveries/s", (case, LIMIT)))
    found.append("### Whose turn\n\nMean rank of a member among those that get the same event, at half of the maximum: "
                 "0 is always first, 1 always last.\n\n" + rank_table(results, read))
    return "\n\n".join(found)


def rank_table(results, read):
    rows = [[reading.title(peer), f"{members:,}",
             *[read.cell(f"turn-{members}-half", peer, f"rank_{end}", figures.two_places) for end in ("min", "max")]]
            for members in sizes(results, "turn") for peer in read.peers(f"turn-{members}-half")]
    return figures.table(["server", "members", "the luckiest member", "the unluckiest"], rows)


def plots(results):
    read = reading.Reader(results, NAME)
    charts = {}
    for name, heading in HEADINGS.items():
        cases = {members: f"{name}-{members}" for members in sizes(results, name)}
        groups = [(f"{members:,} members", read.bars(case, (case, LIMIT))) for members, case in cases.items()]
        charts[f"w1-{name}.svg"] = reading.bar_chart(
            f"Fan-out, {heading}", "deliveries/s of a server on one core", groups)
    return charts
