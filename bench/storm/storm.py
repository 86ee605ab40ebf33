"""bench/storm: what 1,000 well-behaved clients notice while another address connects 20,000 times.

  127.0.0.1  outcry_load: clients that have joined, each getting events of its own room
  127.0.0.2  the storm: TCP, WebSocket upgrade, whatever is answered, close; many at a time

Latency (from the stamp in the event to the client's read) before, during and after the storm. The programs are those
of bench/run; build them first: ./build release outcry outcry_load outcry_blast. All run on 127.0.0.0/8 and end.
"""

import argparse
import collections
import json
import pathlib
import resource
import secrets
import select
import socket
import subprocess
import sys
import tempfile
import time

BENCH = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BENCH))

from driver.peers import as_toml  # noqa: E402
from driver.services import free_port  # noqa: E402

SECOND_NS = 1_000_000_000
STORM_ADDRESS = "127.0.0.2"
IN_FLIGHT = 256
FLOOD_SECONDS_MAX = 60
UPGRADE = (b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
           b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")


# --- the storm: a process of its own ---

def outcome_of(answer):
    return answer[9:12].decode() if answer.startswith(b"HTTP/1.1 ") else "closed"


class Flood:
    """`count` connects as fast as they go, IN_FLIGHT at a time; sockets that were let in stay open to the end."""

    def __init__(self, port, count):
        self.port, self.left = port, count
        self.poll = select.epoll()
        self.open, self.let_in = {}, collections.deque()
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        self.keep = most - IN_FLIGHT - 64  # sockets; of more that are let in the first ones go
        self.outcomes = collections.Counter()

    def connect(self):
        one = socket.socket()
        one.setblocking(False)
        one.bind((STORM_ADDRESS, 0))
        one.connect_ex(("127.0.0.1", self.port))
        self.open[one.fileno()] = one
        self.poll.register(one.fileno(), select.EPOLLOUT)
        self.left -= 1

    def settle(self, fd, outcome):
        one = self.open.pop(fd)
        self.poll.unregister(fd)
        self.outcomes[outcome] += 1
        if outcome == "101":
            self.let_in.append(one)
            if len(self.let_in) > self.keep:
                self.let_in.popleft().close()
        else:
            one.close()

    def take(self, fd, events):
        one = self.open[fd]
        try:
            if events & select.EPOLLOUT:
                one.send(UPGRADE)
                self.poll.modify(fd, select.EPOLLIN)
            else:
                self.settle(fd, outcome_of(one.recv(4096)))
        except OSError:
            self.settle(fd, "closed")

    def run(self):
        began = time.monotonic()
        while (self.left > 0 or self.open) and time.monotonic() - began < FLOOD_SECONDS_MAX:
            while self.left > 0 and len(self.open) < IN_FLIGHT:
                self.connect()
            for fd, events in self.poll.poll(1):
                self.take(fd, events)
        for one in [*self.open.values(), *self.let_in]:
            one.close()
        return {"seconds": time.monotonic() - began, "outcomes": dict(self.outcomes), "unanswered": len(self.open)}


# --- the run ---

class Run:
    def __init__(self, options):
        self.options = options
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="outcry-storm-"))
        self.port, self.operations_port = free_port(), free_port()
        self.api_key = secrets.token_hex(24)
        self.secret = self.folder / "secret"
        self.secret.write_text(secrets.token_hex(32) + "\n")
        self.running = []

    def program(self, name):
        return str(BENCH.parent / "out" / self.options.preset / name)

    def start(self, *command, **more):
        process = subprocess.Popen([*map(str, command)], text=True, **more)
        self.running.append(process)
        return process

    def end(self):
        for process in reversed(self.running):
            process.terminate()
            process.wait(20)

    def serve(self):
        limits = {"user_sockets_max": 20_000, "exempt_addresses": []}
        if self.options.no_limits:
            limits |= {"dry_run": True}
        ownership = self.folder / "ownership.db"
        subprocess.run([self.program("outcry_load"), "--rooms", str(self.options.clients), "--write-sqlite", ownership],
                       check=True)
        (self.folder / "outcry.toml").write_text(as_toml({
            "server": {"listen": f"127.0.0.1:{self.port}", "workers": 1},
            "operations": {"listen": f"127.0.0.1:{self.operations_port}", "api_keys": [self.api_key]},
            "auth": {"secret_file": str(self.secret)},
            "store": {"url": f"sqlite:{ownership}"},
            "events": {"aliases": {}, "latest": []},
            "limits": limits,
            "log": {"level": "error"},
        }))
        self.server = self.start(self.program("outcry"), "serve", "--config", self.folder / "outcry.toml")
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.operations_port)).close()
                return
            except OSError:
                time.sleep(0.05)
        raise SystemExit("storm: the gateway does not start")

    def connect(self):
        self.load = self.start(self.program("outcry_load"), "--connect", f"127.0.0.1:{self.port}", "--connections",
                               self.options.clients, "--rooms", self.options.clients, "--secret-file", self.secret,
                               "--pid", f"server={self.server.pid}", "--control", "--life-seconds", 120,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return json.loads(self.load.stdout.readline())

    def measure(self, during=None):
        """Latency of what is published in a window; `during` begins with it."""
        start = time.monotonic_ns() + SECOND_NS // 2
        end = start + int(self.options.seconds * SECOND_NS)
        self.load.stdin.write(f"measure {start} {end} {end + SECOND_NS}\n")
        self.load.stdin.flush()
        publisher = self.start(
            self.program("outcry_blast"), "--http", f"127.0.0.1:{self.operations_port}", "--api-key", self.api_key,
            "--template", BENCH / "publisher" / "templates" / "arguments.hex", "--rate", self.options.rate,
            "--rooms", self.options.clients, "--seconds", self.options.seconds + 0.6, "--from-ns", start,
            "--to-ns", end, stdout=subprocess.PIPE)
        time.sleep(max(0, (start - time.monotonic_ns()) / SECOND_NS))
        storm = during() if during else None
        result = json.loads(self.load.stdout.readline())
        publisher.communicate(timeout=60)
        return result, json.loads(storm.communicate(timeout=FLOOD_SECONDS_MAX + 10)[0]) if storm else None

    def flood(self):
        return self.start(sys.executable, __file__, "--flood", self.port, "--connects", self.options.connects,
                          stdout=subprocess.PIPE)


def tell(name, result):
    latency = result["latency_us"]
    print(f"{name:<8} {result['delivered']:>8,} delivered   p50 {latency['p50'] / 1000:6.2f} ms   "
          f"p99 {latency['p99'] / 1000:6.2f} ms   p99.9 {latency['p999'] / 1000:6.2f} ms   "
          f"max {latency['max'] / 1000:6.2f} ms   server {sum(result['cpu']['server'].values()):.2f} cores", flush=True)


def run(options):
    bench = Run(options)
    try:
        bench.serve()
        ready = bench.connect()
        print(f"{options.clients:,} clients connected, {options.rate:,} events/s, one worker, "
              f"{'dry run: nothing is refused' if options.no_limits else 'default limits'}", flush=True)
        records = {"set_up": ready}
        for name, during in [("before", None), ("during", bench.flood), ("after", None)]:
            records[name], storm = bench.measure(during)
            tell(name, records[name])
            if storm:
                records["storm"] = storm
                print(f"storm    {options.connects:,} connects in {storm['seconds']:.2f} s: {storm['outcomes']}",
                      flush=True)
        if options.json:
            pathlib.Path(options.json).write_text(json.dumps(records, indent=1) + "\n")
        return 1 if records["after"].get("failed", 0) else 0
    finally:
        bench.end()


def main():
    parser = argparse.ArgumentParser(prog="bench/storm/run", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="release")
    parser.add_argument("--clients", type=int, default=1_000)
    parser.add_argument("--connects", type=int, default=20_000)
    parser.add_argument("--rate", type=int, default=5_000, help="events a second")
    parser.add_argument("--seconds", type=float, default=5, help="of each window")
    parser.add_argument("--no-limits", action="store_true", help="limits.dry_run: what it would be without them")
    parser.add_argument("--json", help="write the figures to this file")
    parser.add_argument("--flood", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.flood:
        print(json.dumps(Flood(options.flood, options.connects).run()))
        return 0
    return run(options)


if __name__ == "__main__":
    sys.exit(main())
