"""How the workloads read their records: cells of tables, and bars of plots."""
import dataclasses

from driver import figures, plot
from driver.peers import PEERS_AND_LIMIT

LATENCY_KEYS = ("p50_ms", "p99_ms", "p999_ms")


def title(peer):
    return PEERS_AND_LIMIT[peer].title


def short_title(peer):
    return PEERS_AND_LIMIT[peer].short_title


@dataclasses.dataclass(frozen=True)
class Reader:
    """The records of one workload."""
    results: object
    workload: str

    def peers(self, *cases):
        return self.results.peers(self.workload, *cases)

    def records(self, case, peer):
        return self.results.of(self.workload, case, peer)

    def rounds(self, case, peer, value="per_second"):
        return self.results.rounds(self.workload, case, peer, value)

    def spread(self, case, peer, value="per_second"):
        return figures.spread_of(self.rounds(case, peer, value).values())

    def count(self, case, peer, value="per_second"):
        return len(self.rounds(case, peer, value))

    def ratio(self, case, peer, of, value="per_second"):
        """`of`: (case, peer) of the denominator."""
        return figures.ratios(self.rounds(case, peer, value), self.rounds(*of, value))

    def cell(self, case, peer, value="per_second", form=figures.short):
        return figures.written(self.spread(case, peer, value), form)

    def ratio_cell(self, case, peer, of):
        return figures.written(self.ratio(case, peer, of), figures.two_places)

    def latency_cells(self, case, peer, keys=LATENCY_KEYS):
        return [self.cell(case, peer, key, figures.milliseconds) for key in keys]

    def cores_cell(self, case, peer):
        return " / ".join(self.cell(case, peer, key, figures.two_places) for key in ("server_user", "server_kernel"))

    def lower_bound_cell(self, case, peer):
        """Where the load was the bound the figure is a lower bound for the server."""
        return ("≥ " if self.results.load_was_bound(self.workload, case, peer) else "") + self.cell(case, peer)

    def maximum_table(self, case, unit, limit):
        """Everyone's maximum, its ratio to the limit's of the same round, latency at half, CPU at the maximum."""
        rows = [[title(peer), self.lower_bound_cell(case, peer), self.count(case, peer),
                 self.ratio_cell(case, peer, limit), *self.latency_cells(f"{case}-half", peer),
                 self.cores_cell(case, peer), self.cell(case, peer, "per_cpu_second"),
                 self.cell(case, peer, "load_core", figures.two_places)]
                for peer in self.peers(case)]
        return figures.table(["server", f"most {unit}", "n", "ratio to the limit, same round", "p50 ms at half",
                              "p99 ms at half", "p99.9 ms at half", "server's core, user / kernel, at the most",
                              "for each CPU second of the server", "load generator's core"], rows)

    def bars(self, case, limit=None, value="per_second", of="of the limit", form=figures.short):
        """A Bar for everyone measured, with the ratio to the limit as its note."""
        found = []
        for peer in self.peers(case):
            one = self.spread(case, peer, value)
            if one is None:
                continue
            ratio = self.ratio(case, peer, limit, value) if limit and (case, peer) != limit else None
            found.append(plot.Bar(short_title(peer), peer, one.median, one.low, one.high,
                                  form(one.median), f"{ratio.median:.2f} {of}" if ratio else ""))
        return found


def pair_table(rows_of, heads):
    """Two sides of the same thing. `rows_of`: (peer, heading, rounds of one side, rounds of the other, form)."""
    rows = [[title(peer), heading, *[figures.written(figures.spread_of(side.values()), form) for side in (one, other)],
             figures.written(figures.ratios(other, one), figures.two_places), len(one.keys() & other.keys())]
            for peer, heading, one, other, form in rows_of if one or other]
    return figures.table(["server", "", *heads, "ratio, same round", "n"], rows)


def bar_chart(heading, subtitle, groups):
    """A chart of the groups that have bars, or None."""
    groups = [(name, group) for name, group in groups if group]
    return plot.bar_chart(heading, f"{subtitle}; whiskers: lowest and highest round", groups) if groups else None
