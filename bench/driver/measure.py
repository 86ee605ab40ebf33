"""One peer in one round: its server, the load generator with its connections, and steps at given rates."""
import dataclasses
import json
import subprocess
import time

from driver.machine import NoiseMeter
from driver.peers import BENCH, ROOT
from driver.services import RedisServer

SECOND_NS = 1_000_000_000


@dataclasses.dataclass
class Run:
    """What all peers of a run share."""
    preset: str
    connections: int
    rooms: int
    window_seconds: float
    warm_up_seconds: float
    grace_seconds: float
    server_core: int
    load_core: int
    secret_file: object
    ownership_file: object
    redis: RedisServer

    @property
    def cores(self):
        return {self.server_core, self.load_core}

    def program(self, name):
        return str(ROOT / "out" / self.preset / name)

    def on_load_core(self, *command):
        return ["taskset", "-c", str(self.load_core), *map(str, command)]


class LoadFailed(RuntimeError):
    """The generator could not do its work; the message is its own."""


class Load:
    """The load generator, its connections open, taking commands."""

    def __init__(self, run, service):
        self.process = subprocess.Popen(
            run.on_load_core(run.program("outcry_load"), "--connect", f"127.0.0.1:{service.port}",
                             "--connections", run.connections, "--rooms", run.rooms, "--secret-file", run.secret_file,
                             "--pid", f"server={service.pid}", "--pid", f"redis={run.redis.pid}", "--control"),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.expected = 0  # events that have been published for its connections
        try:
            self.set_up = self.answer()
        except BaseException:
            self.close()
            raise

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise LoadFailed(f"the load generator ended with code {self.process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise LoadFailed(answer["error"])
        return answer

    def send(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def ask(self, command):
        self.send(command)
        return self.answer()

    def drain(self):
        """Waits until what was published has arrived. What a server still withholds after three quiet seconds is lost:
        shorter pauses happen, for an overloaded server may first take everything in and then send."""
        self.expected = self.ask(f"drain {self.expected} 3000 60000")["arrived_total"]

    def close(self):
        if self.process.poll() is None:
            try:
                self.send("quit")
                self.process.wait(timeout=10)
            except (BrokenPipeError, subprocess.TimeoutExpired):
                self.process.kill()
                self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def step(run, peer, service, load, rate):
    """Publishes at `rate` for warm-up and window.

    What was published in the window is measured until the grace is over.
    """
    load.drain()
    noise = NoiseMeter(run.cores, [service.pid, run.redis.pid, load.process.pid])
    start = time.monotonic_ns() + SECOND_NS // 5
    from_ns = start + int(run.warm_up_seconds * SECOND_NS)
    to_ns = from_ns + int(run.window_seconds * SECOND_NS)
    load.send(f"measure {from_ns} {to_ns} {to_ns + int(run.grace_seconds * SECOND_NS)}")
    time.sleep(max(0.0, (start - time.monotonic_ns()) / SECOND_NS))
    publisher = subprocess.run(
        run.on_load_core(run.program("outcry_blast"), "--redis", f"127.0.0.1:{run.redis.port}", "--rate", rate,
                         "--template", BENCH / "publisher" / "templates" / f"{peer.template}.hex", "--rooms", run.rooms,
                         "--seconds", run.warm_up_seconds + run.window_seconds + 0.1,
                         "--from-ns", from_ns, "--to-ns", to_ns),
        stdout=subprocess.PIPE, text=True, check=True)
    received = load.answer()
    during = noise.read()
    published = json.loads(publisher.stdout)
    sent = published["sent_in_window"]
    members = run.connections // run.rooms
    load.expected += published["sent"] * members
    return {
        "rate": rate, "offered": sent / run.window_seconds, "arrived": received["arrived"] / run.window_seconds,
        "delivered_share": received["delivered"] / (sent * members) if sent else 0.0,
        "latency_us": received["latency_us"], "cpu": received["cpu"], "publisher": published,
        "memory_kb": received["memory_kb"], "lost_connections": received["failed"], "failures": received["failures"],
        "misdelivered": received["misdelivered"], "out_of_sequence": received["out_of_sequence"],
        "noise": dataclasses.asdict(during), "disturbed": during.disturbed,
    }
