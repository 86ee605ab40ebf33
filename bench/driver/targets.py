"""What Outcry must reach: the one place where the targets stand, each with how it is read from a run's records.

A ratio is taken inside each round, against what `of` reached in the same round; see figures.ratios.
"""
import dataclasses

from driver import figures


@dataclasses.dataclass(frozen=True)
class Measured:
    """Which figure of which records: `results.rounds(*dataclasses.astuple(measured))`."""
    workload: str
    case: str
    peer: str
    value: str


@dataclasses.dataclass(frozen=True)
class Target:
    what: str
    workload: str  # what `bench/run --workloads` must name
    figure: Measured
    at_least: float | None = None
    at_most: float | None = None
    of: Measured | None = None  # a ratio to this figure; None: the figure itself
    unit: str = ""
    form: object = figures.two_places

    def spread(self, results):
        """The Spread over the rounds that count, or None."""
        own = results.rounds(*dataclasses.astuple(self.figure))
        if self.of is None:
            return figures.spread_of(own.values())
        return figures.ratios(own, results.rounds(*dataclasses.astuple(self.of)))

    def is_bound_by_load(self, results):
        """Then the ratio of what arrived says little: both are what the load generator can take."""
        return any(results.load_was_bound(one.workload, one.case, one.peer)
                   for one in (self.figure, self.of) if one is not None)

    def per_cpu_second(self, results):
        """The same ratio of what each got out of a CPU second of its own."""
        own, other = (results.rounds(one.workload, one.case, one.peer, "per_cpu_second")
                      for one in (self.figure, self.of))
        return figures.ratios(own, other)

    def bound(self):
        sign, value = ("≥", self.at_least) if self.at_least is not None else ("≤", self.at_most)
        return f"{sign} {value:g}{' ' + self.unit if self.unit else ''}"

    def is_reached(self, spread):
        """By the median."""
        return spread.median >= self.at_least if self.at_least is not None else spread.median <= self.at_most


def fan_out(case, peer):
    return Measured("W1", case, peer, "per_second")


TARGETS = [
    Target("W1, one event each loop turn, 10,000 members: of the limit's `send()`", "W1",
           fan_out("turn-10000", "outcry"), at_least=0.95, of=fan_out("turn-10000", "limit")),
    Target("W1, one event each loop turn, 1,000 members: of the limit (the fastest library, uWebSockets: 0.65)",
           "W1", fan_out("turn-1000", "outcry"), at_least=0.65, of=fan_out("turn-1000", "limit")),
    Target("W1, backlog, 1,000 members: of the limit's `send()` of 16 frames", "W1",
           fan_out("backlog-1000", "outcry"), at_least=0.9, of=fan_out("backlog-1000", "limit")),
    Target("W1, backlog, 10,000 members: of the limit's `send()` of 16 frames", "W1",
           fan_out("backlog-10000", "outcry"), at_least=0.8, of=fan_out("backlog-10000", "limit")),
    Target("W1, backlog, 1,000 members: times Node", "W1",
           fan_out("backlog-1000", "outcry"), at_least=20, of=fan_out("backlog-1000", "node"), unit="×"),
    Target("W1, backlog, 10,000 members: times Node", "W1",
           fan_out("backlog-10000", "outcry"), at_least=20, of=fan_out("backlog-10000", "node"), unit="×"),
    Target("W1, backlog, 1,000 members: times Flask", "W1",
           fan_out("backlog-1000", "outcry"), at_least=100, of=fan_out("backlog-1000", "flask"), unit="×"),
    Target("W2 in process: of the limit's unicast", "W2",
           Measured("W2", "process", "outcry", "per_second"), at_least=0.92,
           of=Measured("W2", "process", "limit", "per_second")),
    Target("W2 in process: p99 at half of its maximum", "W2",
           Measured("W2", "process-half", "outcry", "p99_ms"), at_most=0.5, unit="ms"),
    Target("W2 through Redis: of the limit's unicast", "W2",
           Measured("W2", "redis", "outcry", "per_second"), at_least=0.65,
           of=Measured("W2", "process", "limit", "per_second")),
    Target("W2 through Redis: p99 at 25,000/s", "W5",
           Measured("W5", "25000", "outcry", "p99_ms"), at_most=1, unit="ms"),
    Target("W2 through Redis: p99 at 50,000/s", "W5",
           Measured("W5", "50000", "outcry", "p99_ms"), at_most=5, unit="ms"),
    Target("W3, memory for each connection: authenticated, joined, recoverable", "W3",
           Measured("W3", "idle", "outcry", "bytes_each"), at_most=1024, unit="bytes", form=figures.grouped),
    Target("W4, connects/s, token verified and room joined: of the limit's bare upgrades", "W4",
           Measured("W4", "storm", "outcry", "per_second"), at_least=0.7,
           of=Measured("W4", "storm", "limit", "per_second")),
]


def verdict(target, spread, results):
    if spread is None:
        return "not measured"
    text = "reached" if target.is_reached(spread) else "**not reached**"
    if target.of is not None and target.is_bound_by_load(results):
        text += ("; the load generator was the bound, for each CPU second of the server: "
                 + figures.written(target.per_cpu_second(results), target.form))
    return text


def standing_table(results):
    """'How Outcry stands'."""
    rows = []
    for target in TARGETS:
        spread = target.spread(results)
        rows.append([target.what, target.bound(), figures.written(spread, target.form),
                     spread.count if spread else 0, verdict(target, spread, results),
                     f"`bench/run --workloads {target.workload}`"])
    return figures.table(["what", "target", "reached, median (min–max)", "n", "", "command"], rows)
