"""What the workloads share: the parts that they are made of, and the numbers of a full and of a quick run.

A workload is a module with NAME and TITLE, and with
  parts(scale, peers)   what it measures on which servers
  section(results)      its tables
  plots(results)        file name -> SVG
Parts of the same group, peer and setting share one server. What is compared inside a round should be in one group, for
the servers of a group are visited one after the other.
"""
import dataclasses

from driver.peers import Setting

MAIN_GROUP = "main"


@dataclasses.dataclass(frozen=True)
class Scale:
    """How large everything is. `peer_connections` overrides `connections` for single peers."""
    quick: bool = False
    connections: int = 10_000
    fan_out_members: tuple = (1_000, 10_000)
    variant_members: int = 1_000
    polling_connections: int = 1_000
    slow_rooms: int = 11  # so that one in ten of the connections is also one in ten of each room
    slow_members: int = 20
    slow_rate: int = 1_600  # events/s: 29,000 deliveries/s to those who read
    slow_seconds: float = 25.0  # 1.5 MB for each reader: far more than the kernel keeps for one that has stopped
    window_seconds: float = 3.0
    # Of rooms of 10,000: slow servers make a few events in it, and need seconds to deliver them.
    fan_out_window_seconds: float = 6.0
    fan_out_grace_seconds: float = 3.0
    peer_connections: tuple = ()  # (peer, connections)

    def connections_of(self, peer):
        return dict(self.peer_connections).get(peer, self.connections)


QUICK = Scale(quick=True, connections=100, fan_out_members=(100,), variant_members=100, polling_connections=50,
              slow_members=10, slow_rate=100, slow_seconds=1.0, window_seconds=0.4,
              fan_out_window_seconds=0.4, fan_out_grace_seconds=0.3)


@dataclasses.dataclass(frozen=True)
class Part:
    """What one workload measures on one server."""
    workload: str
    peer: str
    setting: Setting
    seconds: float  # an estimate, without the set-up
    measure: object  # (session, record); record(case, values, raw, …) is rounds.Recorder
    group: str = MAIN_GROUP


def own_rooms(scale, peer, **options):
    number = scale.connections_of(peer)
    return Setting(number, number, **options)


def step_seconds(scale, steps, window=None):
    """About how long so many steps take."""
    return steps * ((window or scale.window_seconds) + (0.8 if scale.quick else 2.6))


def load_core(step):
    """What generator, Redis and a publisher outside the server used of the core that they share."""
    return sum(step["cpu"]["load"].values()) + sum(step["cpu"]["redis"].values()) + step["publisher_cpu"]


def values_of(step):
    """A step's figures for the report."""
    latency = {f"{name}_ms": step["latency_us"][name] / 1000 if step["delivered"] else None
               for name in ("p50", "p99", "p999")}
    cpu = step["cpu"]
    fairness = {f"rank_{end}": step["fairness"][end] for end in ("min", "max")} if "fairness" in step else {}
    server_cores = cpu["server"]["user"] + cpu["server"]["kernel"]
    return latency | fairness | {
        "per_cpu_second": step["arrived"] / server_cores if server_cores else None,
        "rate": step["rate"], "per_second": step["arrived"], "delivered_share": step["delivered_share"],
        "server_user": cpu["server"]["user"], "server_kernel": cpu["server"]["kernel"],
        "load_core": load_core(step), "idle": step["noise"]["idle"], "others": step["noise"]["others"],
        "memory_mb": step["memory_kb"]["server"] / 1024}


def set_up_values(session):
    """The connect storm's figures, and the memory after it."""
    set_up, connections = session.set_up, session.setting.connections
    cpu, times = set_up["cpu"], set_up["setup_us"]
    grown_kb = session.idle_kb - set_up["memory_before_kb"]["server"]
    return {
        "connections": connections, "per_second": set_up["per_second"], "p50_ms": times["p50"] / 1000,
        "p99_ms": times["p99"] / 1000, "server_user": cpu["server"]["user"],
        "server_kernel": cpu["server"]["kernel"], "load_core": sum(cpu["load"].values()),
        "bytes_each": grown_kb * 1024 / connections, "idle_mb": session.idle_kb / 1024}


def record_set_up(session, record, case):
    record(case, set_up_values(session), {"set_up": session.set_up, "noise": vars(session.set_up_noise)},
           disturbed=session.set_up_noise.disturbed)


def maximum_and_half(session, record, case, **options):
    """As fast as the publisher inside the server can without a queue that grows; then latency at half of that.

    Returns the last step."""
    step = session.measure(0, **options)
    record(case, values_of(step), step)
    if step["arrived"]:
        step = session.measure(step["arrived"] / session.setting.members / 2, **options)
        record(f"{case}-half", values_of(step), step)
    return step


def held_and_half(session, record, case, quick_rate, **options):
    """The highest rate that is held, and latency at half of it; of a quick run one low rate alone."""
    if session.run.quick:
        step = session.at_rate(quick_rate, **options)
        record(case, values_of(step), step)
        return
    found = session.highest_held(**options)
    # Whether the bound was the load's core shows at the held rate or right above it.
    around = sorted((step for step in found.steps if step["rate"] >= found.held), key=lambda step: step["rate"])[:2]
    record(case, values_of(around[0]) | {"per_second": found.held, "peak": found.peak,
                                         "limited_by_publisher": found.limited_by_publisher,
                                         "load_core": max(load_core(step) for step in around)},
           found.steps, disturbed=found.disturbed)
    if found.held:
        half = session.at_rate(found.held // 2, **options)
        record(f"{case}-half", values_of(half), half)
