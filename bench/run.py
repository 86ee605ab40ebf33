#!/usr/bin/python3
"""Measures Outcry against the servers that it replaces. Started by bench/run, which installs what is missing."""
import argparse
import contextlib
import dataclasses
import datetime
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from driver import machine, report  # noqa: E402
from driver.machine import NoiseMeter  # noqa: E402
from driver.measure import Load, LoadFailed, Run, step  # noqa: E402
from driver.peers import BENCH, PEERS, ROOT  # noqa: E402
from driver.search import find_highest, is_held  # noqa: E402
from driver.services import RedisServer  # noqa: E402

SECRET = "bench-secret-of-no-use-outside-0123456789"
FIXED_RATES = [25_000, 50_000]  # deliveries/s
QUICK_RATES = [200, 1_000]
ATTEMPTS = 3  # of a measurement that was disturbed


def progress(text):
    print(f"{time.strftime('%H:%M:%S')}  {text}", flush=True)


def describe_step(result):
    latency = result["latency_us"]
    server = result["cpu"]["server"]
    return (f"{result['rate']:>7} /s: {result['delivered_share']:.1%} delivered, p50 {latency['p50'] / 1000:.2f} ms, "
            f"p99 {latency['p99'] / 1000:.2f} ms, server {server['user']:.2f} user {server['kernel']:.2f} kernel"
            f"{', disturbed' if result['disturbed'] else ''}")


def parse_arguments():
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__)
    parser.add_argument("--quick", action="store_true",
                        help="seconds: 200 connections, low rates, checks what arrives and judges no times")
    parser.add_argument("--peers", nargs="+", choices=PEERS, help="default: all; with --quick outcry and node")
    parser.add_argument("--rounds", type=int, default=3, help="of each peer, interleaved (default 3)")
    parser.add_argument("--connections", type=int, default=10_000, help="default 10000")
    parser.add_argument("--peer-connections", action="append", default=[], metavar="PEER=N",
                        help="another number of connections for one peer; stands in the report")
    parser.add_argument("--room-size", type=int, default=1, metavar="M",
                        help="members of a room (default 1: each connection in its own)")
    parser.add_argument("--feed", choices=["python_pickle", "python_json", "node_msgpack"],
                        help="publish to outcry what this library makes (default python_pickle)")
    parser.add_argument("--window", type=float, default=3.0, help="seconds that one step measures (default 3)")
    parser.add_argument("--preset", default="release", help="build preset (default release)")
    parser.add_argument("--no-build", action="store_true", help="measure the programs that lie in out/PRESET")
    parser.add_argument("--keep", action="store_true", help="also write results/latest.json and latest.md")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.connections, arguments.window, arguments.rounds = 200, 1.0, 1
    arguments.peers = arguments.peers or (["outcry", "node"] if arguments.quick else list(PEERS))
    arguments.connections_of = {peer: arguments.connections for peer in arguments.peers}
    for text in arguments.peer_connections:
        peer, _, number = text.partition("=")
        if peer not in arguments.connections_of or not number.isdigit():
            parser.error(f"--peer-connections: expected PEER=N, got {text}")
        arguments.connections_of[peer] = int(number)
    if any(number % arguments.room_size for number in arguments.connections_of.values()):
        parser.error("--room-size must divide the number of connections")
    return arguments


def build(arguments):
    targets = ["outcry_load", "outcry_blast"] + (["outcry"] if "outcry" in arguments.peers else [])
    progress(f"building {' '.join(targets)} ({arguments.preset})")
    log = ROOT / "out" / "bench-build.log"
    log.parent.mkdir(exist_ok=True)
    with open(log, "w") as output:
        result = subprocess.run([str(ROOT / "build"), arguments.preset, *targets], stdout=output,
                                stderr=subprocess.STDOUT, check=False)
    if result.returncode != 0:
        sys.exit(f"the build failed:\n{log.read_text()[-4000:]}")


@contextlib.contextmanager
def connected(run, peer):
    """The peer's server with all connections open: (service, load, noise of the set-up)."""
    with peer.make_service(run) as service:
        service.wait_for_port(service.port)
        meter = NoiseMeter(run.cores, [service.pid, run.redis.pid])
        with Load(run, service) as load:
            meter.own[load.process.pid] = 0
            noise = meter.read()
            if load.set_up["ready"] != run.connections:
                raise LoadFailed(f"{load.set_up['ready']} of {run.connections} connections were set up: "
                                 f"{load.set_up['failures']}\n{service.output()[-2000:]}")
            yield service, load, noise


def play(run, peer, quick):
    """One peer in one round; the dictionary that the report reads."""
    progress(f"{peer.name}: opening {run.connections} connections")
    with connected(run, peer) as (service, load, noise):
        time.sleep(0.2 if quick else 2.0)  # garbage of the set-up is collected while nothing arrives
        idle = load.ask("memory")["memory_kb"]["server"]
        set_up = load.set_up
        before = set_up["memory_before_kb"]["server"]
        progress(f"{peer.name}: {set_up['per_second']:.0f} connections/s, "
                 f"{(idle - before) / run.connections:.2f} KB each{', disturbed' if noise.disturbed else ''}")

        members = run.connections // run.rooms

        def measure(rate, counts=lambda result: not result["disturbed"]):
            for _attempt in range(1 if quick else ATTEMPTS):
                result = step(run, peer, service, load, rate)
                progress(f"{peer.name}: {describe_step(result)}")
                if counts(result):
                    break
            return result

        def measure_in_search(rate):
            # A disturbance never helps a server: what it held all the same, it holds.
            return measure(rate, lambda result: not result["disturbed"] or is_held(result))

        outcome = {"peer": peer.name, "feed": peer.template, "connections": run.connections,
                   "set_up": set_up, "set_up_disturbed": noise.disturbed,
                   "idle_kb": idle, "before_kb": before, "at_rates": {}}
        if quick:
            steps = [measure(rate) for rate in QUICK_RATES]
        else:
            found = find_highest(max(peer.first_rate // members, 2), measure_in_search, max(100 // members, 1))
            progress(f"{peer.name}: holds {found.held} messages/s")
            outcome |= {"held": found.held, "peak": found.peak, "held_disturbed": found.disturbed,
                        "limited_by_publisher": found.limited_by_publisher}
            rates = {str(rate): rate // members for rate in FIXED_RATES if rate // members <= found.held}
            if found.held:
                rates["half"] = found.held // 2
            outcome["at_rates"] = {name: measure(rate) for name, rate in rates.items()}
            steps = found.steps + list(outcome["at_rates"].values())
        outcome["steps"] = steps
        outcome["highest_kb"] = max(result["memory_kb"]["server"] for result in steps)
        outcome["faults"] = faults_of(steps, quick)
        return outcome


def faults_of(steps, quick):
    """What no server may do, whatever the load; a quick run's load is so low that everything must arrive."""
    last = steps[-1]
    faults = []
    if last["misdelivered"]:
        faults.append(f"{last['misdelivered']} events reached someone else's connection")
    if last["out_of_sequence"]:
        faults.append(f"{last['out_of_sequence']} events came twice or late")
    if last["lost_connections"]:
        faults.append(f"connections were lost: {last['failures']}")
    if quick:
        faults += [f"{result['delivered_share']:.2%} delivered at {result['rate']}/s" for result in steps
                   if result["delivered_share"] != 1.0]
    return faults


def choose_cores(quick):
    """(for the server, for everything else). This process goes to the second, so that its work is not a stranger's."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2 and not quick:
        sys.exit("bench/run: needs two cores, or --quick")
    os.sched_setaffinity(0, {cores[min(1, len(cores) - 1)]})
    return cores[0], cores[min(1, len(cores) - 1)]


def run_rounds(arguments, folder):
    server_core, load_core = choose_cores(arguments.quick)
    secret_file = folder / "secret"
    secret_file.write_text(SECRET)
    secret_file.chmod(0o600)
    ownership_file = folder / "ownership.db"
    rooms_max = max(arguments.connections_of.values()) // arguments.room_size
    program = ROOT / "out" / arguments.preset / "outcry_load"
    subprocess.run([program, "--write-sqlite", ownership_file, "--rooms", str(rooms_max)], check=True)
    outcomes = []
    with RedisServer(load_core) as redis:
        for number in range(arguments.rounds):
            for name in arguments.peers:
                progress(f"round {number + 1} of {arguments.rounds}, {name}")
                connections = arguments.connections_of[name]
                run = Run(preset=arguments.preset, connections=connections, rooms=connections // arguments.room_size,
                          window_seconds=arguments.window, warm_up_seconds=0.3 if arguments.quick else 1.0,
                          grace_seconds=1.0, server_core=server_core, load_core=load_core, secret_file=secret_file,
                          ownership_file=ownership_file, redis=redis)
                peer = PEERS[name]
                if name == "outcry" and arguments.feed:
                    peer = dataclasses.replace(peer, template=arguments.feed)
                try:
                    outcomes.append(play(run, peer, arguments.quick) | {"round": number + 1})
                except (LoadFailed, RuntimeError) as error:
                    progress(f"{name}: {error}")
                    outcomes.append({"peer": name, "round": number + 1, "error": str(error), "faults": [str(error)]})
    return outcomes


def main():
    arguments = parse_arguments()
    # Ended by SIGTERM as by an exception: the servers that were started are stopped on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if not arguments.no_build:
        build(arguments)
    started = datetime.datetime.now(datetime.timezone.utc)
    with tempfile.TemporaryDirectory(prefix="outcry-bench-") as folder:
        outcomes = run_rounds(arguments, pathlib.Path(folder))
    results = {"date": started.isoformat(timespec="seconds"), "command": "bench/run " + " ".join(sys.argv[1:]),
               "commit": subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, text=True,
                                        stdout=subprocess.PIPE, check=False).stdout.strip(),
               "machine": machine.describe(), "rule": machine.RULE, "room_size": arguments.room_size,
               "window_seconds": arguments.window, "quick": arguments.quick, "outcomes": outcomes}
    faults = [f"{outcome['peer']}: {fault}" for outcome in outcomes for fault in outcome["faults"]]
    for fault in faults:
        print(f"FAULT  {fault}", file=sys.stderr)
    if arguments.quick:
        progress("everything arrived" if not faults else "not everything is as it must be")
        return 1 if faults else 0
    folder = BENCH / "results"
    names = [started.strftime("%Y-%m-%dT%H%M%S")] + (["latest"] if arguments.keep else [])
    text = report.markdown(results)
    for name in names:
        (folder / f"{name}.json").write_text(json.dumps(results, indent=1) + "\n")
        (folder / f"{name}.md").write_text(text)
    print(text)
    progress(f"written: bench/results/{names[-1]}.json and .md")
    return 1 if any(fault.startswith("outcry:") for fault in faults) else 0


if __name__ == "__main__":
    sys.exit(main())
