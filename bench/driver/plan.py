"""In which order everything is measured, and how long that takes.

Parts of workloads that need the same server with the same connections share a visit to it. Visits follow each other
peer by peer, and all is repeated in each round, so that what is compared was measured close together.
"""
import dataclasses
import time

from driver.peers import PEERS_AND_LIMIT, Setting

START_SECONDS = 4.0  # of a server and the generator, and their end
QUICK_START_SECONDS = 1.5


@dataclasses.dataclass
class Visit:
    """One server with its connections, and what is measured on it."""
    group: str
    peer: str
    setting: Setting
    parts: list

    @property
    def workloads(self):
        return list(dict.fromkeys(part.workload for part in self.parts))

    def seconds(self, quick):
        start = QUICK_START_SECONDS if quick else START_SECONDS
        return (start + self.setting.connections / PEERS_AND_LIMIT[self.peer].connects_per_second
                + sum(part.seconds for part in self.parts))

    def describe(self):
        setting = self.setting
        rooms = ("in one room" if setting.rooms == 1 else "in rooms of their own" if setting.members == 1
                 else f"in rooms of {setting.members}")
        extras = [name for name, on in (("TLS", setting.tls), ("permessage-deflate", setting.deflate),
                                        ("polling", setting.transport == "polling"),
                                        ("slow readers", setting.slow_share)) if on]
        fed = "through Redis" if setting.feed == "redis" else "in process"
        return (f"{'+'.join(self.workloads):<12} {self.peer:<7} {setting.connections:>6,} connections {rooms}, "
                f"published {fed}{''.join(f', {extra}' for extra in extras)}")


def make_visits(workloads, peers, scale):
    """The visits of one round, each where its first part stands."""
    visits = {}
    for workload in workloads:
        for part in workload.parts(scale, peers):
            key = (part.group, part.peer, part.setting)
            visits.setdefault(key, Visit(*key, [])).parts.append(part)
    return list(visits.values())


def duration(seconds):
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


class Clock:
    """How much of the estimate is left, corrected by how long what is done really took."""

    def __init__(self, visits, quick, now=time.monotonic):
        self.left = [visit.seconds(quick) for visit in visits]
        self.total = sum(self.left)
        self.count = len(visits)
        self.now = now
        self.began = now()

    def done(self):
        """A visit has ended."""
        self.left.pop(0)

    def remaining(self):
        rest = sum(self.left)
        estimated = self.total - rest
        return rest * ((self.now() - self.began) / estimated if estimated else 1.0)

    def describe(self):
        return f"[{self.count - len(self.left) + 1}/{self.count}, {duration(self.remaining())} left]"
