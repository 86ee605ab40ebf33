"""One server with all its connections open, and steps at given rates: what the parts of workloads measure with."""
import contextlib
import dataclasses
import json
import pathlib
import subprocess
import time

from driver.machine import NoiseMeter
from driver.peers import OPERATIONS_KEY, ROOT, TEMPLATES, Peer, Setting
from driver.search import find_highest, is_held
from driver.services import CommandFailed, Commands, RedisServer

SECOND_NS = 1_000_000_000
ATTEMPTS = 3  # of a measurement that was disturbed


@dataclasses.dataclass
class Run:
    """What all sessions of a run share."""
    preset: str
    quick: bool
    window_seconds: float
    server_core: int
    load_core: int
    folder: pathlib.Path  # for files of the run, gone after it
    redis: RedisServer
    progress: object  # (text)
    life_seconds: int = 3_000  # after which a program ends whatever happens

    @property
    def secret_file(self):
        return self.folder / "secret"

    @property
    def ownership_file(self):
        return self.folder / "ownership.db"

    @property
    def tls_certificate(self):
        return self.folder / "certificate.pem"

    @property
    def tls_key(self):
        return self.folder / "key.pem"

    @property
    def cores(self):
        return {self.server_core, self.load_core}

    @property
    def warm_up_seconds(self):
        return 0.1 if self.quick else 1.0

    @property
    def grace_seconds(self):
        return 0.3 if self.quick else 1.0

    def program(self, name):
        return str(ROOT / "out" / self.preset / name)

    def on_load_core(self, *command):
        return ["taskset", "-c", str(self.load_core), *map(str, command)]


def start_load(run, peer, setting, service):
    """The load generator, opening its connections; its first answer is about the set-up."""
    command = [run.program("outcry_load"), "--connect", f"127.0.0.1:{service.port}",
               "--connections", setting.connections, "--rooms", setting.rooms, "--pid", f"server={service.pid}",
               "--pid", f"redis={run.redis.pid}", "--control", "--life-seconds", run.life_seconds]
    command += ["--bare"] if peer.bare else ["--secret-file", run.secret_file]
    if setting.tls:
        command += ["--tls", "--tls-ca", run.tls_certificate]
    if setting.deflate:
        command.append("--deflate")
    if setting.transport != "websocket":
        command += ["--transport", setting.transport]
    if setting.slow_share:
        command += ["--slow-share", setting.slow_share, "--latest", "equity_updated"]
    return Commands("the load generator", subprocess.Popen(
        run.on_load_core(*command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))


@dataclasses.dataclass(frozen=True)
class Window:
    """When a step's events count, in nanoseconds of CLOCK_MONOTONIC."""
    start: int
    opens: int
    closes: int
    until: int

    @classmethod
    def soon(cls, run, seconds, grace_seconds):
        start = time.monotonic_ns() + SECOND_NS // 5
        opens = start + int(run.warm_up_seconds * SECOND_NS)
        closes = opens + int(seconds * SECOND_NS)
        return cls(start, opens, closes, closes + int(grace_seconds * SECOND_NS))


class Session:
    """A peer's server under a Setting, for one round. Made by `connected`."""

    def __init__(self, run: Run, peer: Peer, setting: Setting, service, load):
        self.run, self.peer, self.setting, self.service, self.load = run, peer, setting, service, load
        self.set_up = {}
        self.set_up_noise = None
        self.idle_kb = 0  # the server's resident size with all connections open and nothing to do
        self.expected = 0  # deliveries of all that was published
        self.kept = {}  # what one part measured and another needs too, by name

    def describe(self, text):
        self.run.progress(f"{self.peer.name}: {text}")

    def describe_step(self, result):
        latency, server = result["latency_us"], result["cpu"]["server"]
        rate = f"{result['rate']:>9,.0f} /s" if result["rate"] >= 100 else f"{result['rate']:>9.2f} /s"
        self.describe(
            f"{rate if result['rate'] else '  at most   '}: {result['arrived']:>9,.0f} deliveries/s, "
            f"{result['delivered_share']:.1%} delivered, p50 {latency['p50'] / 1000:.2f} ms, "
            f"p99 {latency['p99'] / 1000:.2f} ms, server {server['user']:.2f} user {server['kernel']:.2f} kernel, "
            f"generator {sum(result['cpu']['load'].values()):.2f}{', disturbed' if result['disturbed'] else ''}")

    # --- publishing ---

    def publish_from_outside(self, window, rate, http=False, burst=1, ledger=None, templates=(), keys=1):
        """By a process of its own through Redis, or over HTTP in batches."""
        command = [self.run.program("outcry_blast"), "--rate", rate, "--rooms", self.setting.rooms,
                   "--seconds", (window.closes - window.start) / SECOND_NS + 0.05,
                   "--from-ns", window.opens, "--to-ns", window.closes]
        if http:
            command += ["--http", f"127.0.0.1:{self.service.operations_port}", "--api-key", OPERATIONS_KEY,
                        "--template", TEMPLATES / "arguments.hex"]
        else:
            command += ["--redis", f"127.0.0.1:{self.run.redis.port}"]
            for template in templates or [f"{self.peer.template}.hex"]:
                command += ["--template", TEMPLATES / template]
        command += ["--burst", burst] if burst > 1 else []
        command += ["--keys", keys] if keys > 1 else []
        command += ["--ledger", ledger] if ledger else []
        done = subprocess.run(self.run.on_load_core(*command), stdout=subprocess.PIPE, text=True, check=True)
        return json.loads(done.stdout)

    def publish_in_process(self, window, rate, burst=1):
        where = "room" if self.setting.rooms == 1 else "random"
        return self.service.commands.ask(f"publish {where} {rate:.3f} {burst} {window.opens} {window.closes}")

    # --- measuring ---

    def drain(self):
        """Waits until what was published has arrived. What a server still withholds after three quiet seconds is lost:
        shorter pauses happen, for an overloaded server may first take everything in and then send.

        Returns how many deliveries are missing."""
        arrived = self.load.ask(f"drain {self.expected} 3000 60000")["arrived_total"]
        missing, self.expected = self.expected - arrived, arrived
        return missing

    def step(self, rate, seconds=None, grace_seconds=None, **options):
        """Publishes at `rate` events/s (0: as fast as can be, in process only) for warm-up and window. What was
        published in the window is measured until the grace is over. `options`: those of the way of publishing."""
        self.drain()
        seconds = seconds or self.run.window_seconds
        noise = NoiseMeter(self.run.cores, [self.service.pid, self.run.redis.pid, self.load.process.pid])
        window = Window.soon(self.run, seconds, grace_seconds or self.run.grace_seconds)
        self.load.send(f"measure {window.opens} {window.closes} {window.until}")
        time.sleep(max(0.0, (window.start - time.monotonic_ns()) / SECOND_NS))
        publish = self.publish_from_outside if self.setting.feed == "redis" else self.publish_in_process
        published = publish(window, rate, **options)
        received = self.load.answer()
        during = noise.read()
        sent = published["sent_in_window"] * self.setting.measured_members
        self.expected += published["sent"] * self.setting.members
        return received | {
            "rate": rate, "offered": published["sent_in_window"] / seconds,
            "arrived": received["arrived"] / seconds, "delivered_share": received["delivered"] / sent if sent else 0.0,
            "lost_connections": received["failed"], "publisher": published,
            "publisher_cpu": published["cpu"] if self.setting.feed == "redis" else 0.0,
            "noise": dataclasses.asdict(during), "disturbed": during.disturbed}

    def measure(self, rate, counts=lambda result: not result["disturbed"], all_arrive=True, **options):
        """A step, repeated while it is disturbed, at most ATTEMPTS times; or in a quick run made once, and then what is
        missing is counted, unless something may be."""
        for _attempt in range(1 if self.run.quick else ATTEMPTS):
            result = self.step(rate, **options)
            self.describe_step(result)
            if self.run.quick and all_arrive:
                result["missing"] = self.drain()
            if counts(result):
                break
        return result

    def highest_held(self, http=False):
        """The search for the highest rate that is held, made once in a session."""
        def measure(rate):
            # A disturbance never helps a server: what it held all the same, it holds.
            return self.measure(rate, lambda result: not result["disturbed"] or is_held(result), http=http)

        if ("held", http) not in self.kept:
            members = self.setting.members
            found = find_highest(max(self.peer.first_rate // members, 2), measure, max(100 // members, 1))
            self.describe(f"holds {found.held} messages/s")
            self.kept["held", http] = found
        return self.kept["held", http]

    def at_rate(self, rate, http=False):
        """measure(), made once in a session for each rate."""
        if (rate, http) not in self.kept:
            self.kept[rate, http] = self.measure(rate, http=http)
        return self.kept[rate, http]

    # --- what no server may do, whatever the load ---

    def faults(self):
        health = self.load.ask("memory")
        found = []
        if health["misdelivered"]:
            found.append(f"{health['misdelivered']} events reached someone else's connection")
        if health["out_of_sequence"]:
            found.append(f"{health['out_of_sequence']} events came twice or late")
        if health["failed"]:
            found.append(f"{health['failed']} connections were lost: {health['failures']}")
        return found


@contextlib.contextmanager
def connected(run, peer, setting):
    """The peer's server with all connections open: a Session. Raises CommandFailed when not all could be opened."""
    with peer.make_service(run, setting) as service:
        if service.commands is not None:
            service.commands.answer(60)  # {"listening":…}
        service.wait_for_port(service.port)
        meter = NoiseMeter(run.cores, [service.pid, run.redis.pid])
        load = start_load(run, peer, setting, service)
        try:
            session = Session(run, peer, setting, service, load)
            session.set_up = load.answer()
            meter.own[load.process.pid] = 0
            session.set_up_noise = meter.read()
            if session.set_up["ready"] != setting.connections:
                raise CommandFailed(f"{session.set_up['ready']} of {setting.connections} connections were set up: "
                                    f"{session.set_up['failures']}\n{service.output()[-2000:]}")
            time.sleep(0.1 if run.quick else 2.0)  # garbage of the set-up is collected while nothing arrives
            session.idle_kb = load.ask("memory")["memory_kb"]["server"]
            session.describe(f"{setting.connections} connections, {session.set_up['per_second']:.0f}/s, "
                             f"server {session.idle_kb / 1024:.0f} MB"
                             f"{', disturbed' if session.set_up_noise.disturbed else ''}")
            yield session
        finally:
            load.quit()
