"""W5, latency from publish to receipt through Redis: at fixed rates, and over all rates up to the highest one held.

A good server's latency rises gently until near its limit: a knee, not a cliff.
"""
from driver import figures, plot
from driver.workloads import base, reading

NAME = "W5"
TITLE = "Latency from publish to receipt, through Redis"
FIXED_RATES = (25_000, 50_000)
SHARES = (10, 25, 50, 70, 80, 90, 100)  # % of the highest rate held
QUICK_RATES = (200, 1_000)
# Far above what a server holds, a step measures its queue and nothing else.
FIXED_RATE_SHARE_MAX = 1.25


def parts(scale, peers):
    steps = len(QUICK_RATES) if scale.quick else len(FIXED_RATES) + len(SHARES) - 1
    for peer in peers:
        yield base.Part(NAME, peer, base.own_rooms(scale, peer), base.step_seconds(scale, steps), measure)


def measure(session, record):
    def at(case, rate):
        step = session.at_rate(rate)
        record(case, base.values_of(step), step)

    if session.run.quick:
        for share, rate in zip(SHARES, QUICK_RATES):
            at(f"{share}%", rate)
        return
    found = session.highest_held()
    for rate in FIXED_RATES:
        if rate <= found.held * FIXED_RATE_SHARE_MAX:
            at(str(rate), rate)
        else:
            record(str(rate), {"held": found.held}, {}, disturbed=found.disturbed)
    for share in SHARES if found.held else ():
        at(f"{share}%", found.held * share // 100)


def cell(read, peer, case, value, form=figures.milliseconds):
    if read.spread(case, peer, value) is None and read.spread(case, peer, "held"):
        return "not held"
    return read.cell(case, peer, value, form)


def cells(read, peer, case):
    return [cell(read, peer, case, key) for key in reading.LATENCY_KEYS]


def section(results):
    read = reading.Reader(results, NAME)
    peers = read.peers()
    fixed = figures.table(
        ["server", "n", *[f"{key} ms at {rate:,}/s" for rate in FIXED_RATES for key in ("p50", "p99", "p99.9")]],
        [[reading.title(peer), len(read.records(str(FIXED_RATES[0]), peer)),
          *[cell for rate in FIXED_RATES for cell in cells(read, peer, str(rate))]] for peer in peers])
    curve = figures.table(
        ["server", "share of the highest rate held", "messages/s", "n", "p50 ms", "p99 ms", "p99.9 ms"],
        [[reading.title(peer), f"{share} %", read.cell(f"{share}%", peer, "rate"),
          read.count(f"{share}%", peer, "rate"), *cells(read, peer, f"{share}%")]
         for peer in peers for share in SHARES if read.count(f"{share}%", peer, "rate")])
    return f"{fixed}\n\n### Over the rate\n\n{curve}"


def curve_of(read, peer, key):
    """(rate, latency) of the shares that were measured, by the medians."""
    points = []
    for share in SHARES:
        rate, latency = read.spread(f"{share}%", peer, "rate"), read.spread(f"{share}%", peer, key)
        if rate and latency and rate.median and latency.median:
            points.append((rate.median, latency.median))
    return tuple(points)


def plots(results):
    read = reading.Reader(results, NAME)
    lines = [plot.Line(reading.short_title(peer), key, peer, curve_of(read, peer, f"{key}_ms"), key == "p50")
             for peer in read.peers() for key in ("p99", "p50")]
    lines = [line for line in lines if line.points]
    return {"w5-latency.svg": plot.line_chart(
        "Latency over rate", "publish to receipt through Redis, up to the highest rate held; medians of the rounds",
        "messages/s, each to the one member of a random room", "latency, ms", lines, [(10, "10 ms")])
            if lines else None}
