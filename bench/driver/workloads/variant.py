"""A server against itself: the same with and without something, one right after the other in each round."""
import dataclasses

from driver import figures
from driver.peers import Setting
from driver.workloads import base, reading

WITHOUT, WITH = "without", "with"


class Variant:
    """A workload made of pairs. `change`: what dataclasses.replace does to the setting of the one with it."""

    ROWS = (  # heading, case, value, form
        ("connects/s, joined", "set-up", "per_second", figures.short),
        ("bytes for each idle connection", "set-up", "bytes_each", figures.grouped),
        ("messages/s, each to a room of its own", "unicast", "per_second", figures.short),
        ("its p99 ms at half", "unicast-half", "p99_ms", figures.milliseconds),
        ("deliveries/s to one room, one event each turn", "turn", "per_second", figures.short),
        ("deliveries/s to one room, backlog", "backlog", "per_second", figures.short),
    )

    def __init__(self, name, title, label, change, peers=("outcry", "node")):
        self.NAME, self.TITLE, self.label, self.change, self.measured_peers = name, title, label, change, peers

    def both(self, setting):
        return {WITHOUT: setting, WITH: dataclasses.replace(setting, **self.change)}.items()

    def parts(self, scale, peers):
        one_room = Setting(scale.variant_members, 1, feed="process")
        for peer in peers:
            if peer not in self.measured_peers:
                continue
            for name, setting in self.both(base.own_rooms(scale, peer, feed="process")):
                yield base.Part(self.NAME, peer, setting, base.step_seconds(scale, 3), self.unicast(name), self.NAME)
            for name, setting in self.both(one_room):
                yield base.Part(self.NAME, peer, setting, base.step_seconds(scale, 4), self.fan_out(name), self.NAME)

    def unicast(self, name):
        def measure(session, record):
            base.record_set_up(session, record, f"{name}-set-up")
            step = base.maximum_and_half(session, record, f"{name}-unicast")
            self.extra(session, record, name, step)
        return measure

    @staticmethod
    def fan_out(name):
        def measure(session, record):
            for case, burst in (("turn", 1), ("backlog", 16)):
                base.maximum_and_half(session, record, f"{name}-{case}", burst=burst)
        return measure

    def extra(self, session, record, name, step):
        """What one variant alone measures, with the connections of the unicast `step`."""

    def section(self, results):
        read = reading.Reader(results, self.NAME)
        rows = [(peer, heading, *[read.rounds(f"{name}-{case}", peer, value) for name in (WITHOUT, WITH)], form)
                for peer in read.peers() for heading, case, value, form in self.ROWS]
        return reading.pair_table(rows, ["without", self.label])

    def plots(self, _results):
        return {}
