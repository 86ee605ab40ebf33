"""What else the machine did while something was measured, and the rule that throws disturbed measurements away."""
import dataclasses
import os
import pathlib

TICKS = os.sysconf("SC_CLK_TCK")

# The rule, fixed before any run. A measurement counts only if, during it,
STEAL_SHARE_MAX = 0.02  # the hypervisor took at most 2 % of the time of the cores that are used, and
OTHERS_CORES_MAX = 0.05  # processes that are not part of the run used at most 5 % of one core.
RULE = (f"A measurement is disturbed when the hypervisor took more than {STEAL_SHARE_MAX:.0%} of the time of "
        f"the run's cores, or processes outside the run used more than {OTHERS_CORES_MAX:.0%} of a core during "
        "it. It is then repeated, at most twice, and left out of the medians if it stays disturbed. In the "
        "search a rate that was held in spite of a disturbance counts; a search whose lowest rate not held "
        "stayed disturbed is left out.")


@dataclasses.dataclass(frozen=True)
class Noise:
    steal: float  # share of the time of the run's cores
    others: float  # cores used by processes outside the run
    idle: dict  # core -> share
    loadavg: float

    @property
    def disturbed(self):
        return self.steal > STEAL_SHARE_MAX or self.others > OTHERS_CORES_MAX


def read_cores(wanted):
    """core of `wanted` -> (work of processes, idle, steal, interrupts) in ticks.

    Interrupts are nobody's: the run's own packets make them.
    """
    cores = {}
    for line in pathlib.Path("/proc/stat").read_text().splitlines():
        name, *fields = line.split()
        if name in {f"cpu{core}" for core in wanted}:
            user, nice, system, idle, iowait, irq, softirq, steal = map(int, fields[:8])
            cores[int(name[3:])] = (user + nice + system, idle + iowait, steal, irq + softirq)
    return cores


def process_ticks(pid):
    """CPU ticks of a process and of its children that ended; 0 when it is gone."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(map(int, fields[11:15]))


def kernel_threads(cores):
    """Those bound to one of `cores`: what they do under load is the run's own network work."""
    found = set()
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            if stat.read_text().rpartition(")")[2].split()[1] == "2":
                pid = int(stat.parent.name)
                if os.sched_getaffinity(pid) <= cores:
                    found.add(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


class NoiseMeter:
    """Started before a measurement; read() after it.

    `cores` are the run's, to which its processes are pinned. `pids` are the processes of the run; children that ended
    meanwhile (publishers) count through their parent, this process.
    """

    def __init__(self, cores, pids):
        self.pids = {*pids, os.getpid(), *kernel_threads(cores)}
        self.cores = read_cores(cores)
        self.own = {pid: process_ticks(pid) for pid in self.pids}

    def read(self):
        after = read_cores(self.cores)
        delta = {core: [now - then for now, then in zip(after[core], before)] for core, before in self.cores.items()}
        ticks = sum(sum(values) for values in delta.values()) or 1
        seconds = max(ticks / TICKS / len(delta), 1 / TICKS)
        busy = sum(values[0] for values in delta.values())
        own = sum(process_ticks(pid) - before for pid, before in self.own.items())
        idle = {core: round(values[1] / (sum(values) or 1), 3) for core, values in delta.items()}
        return Noise(steal=round(sum(values[2] for values in delta.values()) / ticks, 4),
                     others=round(max(0.0, (busy - own) / TICKS / seconds), 4), idle=idle,
                     loadavg=os.getloadavg()[0])


def describe():
    """The machine, for the report."""
    model = next((line.split(":", 1)[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), "unknown")
    return {"cpu": model, "cores": os.cpu_count(), "kernel": os.uname().release,
            "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)}
