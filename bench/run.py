#!/usr/bin/python3
"""Measures Outcry against the servers that it replaces. Started by bench/run, which installs what is missing."""
import argparse
import dataclasses
import datetime
import pathlib
import shlex
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from driver import machine, plan, readme, report, rounds  # noqa: E402
from driver.peers import BENCH, PEERS, ROOT  # noqa: E402
from driver.results import Results  # noqa: E402
from driver.workloads import WORKLOADS  # noqa: E402
from driver.workloads.base import QUICK, Scale  # noqa: E402

RESULTS = BENCH / "results"
PROGRAMS = ["outcry", "outcry_load", "outcry_blast", "outcry_limit", "outcry_inprocess"]


def progress(text):
    print(f"{time.strftime('%H:%M:%S')}  {text}", flush=True)


def parse_arguments():
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__)
    parser.add_argument("--workloads", nargs="+", choices=WORKLOADS, metavar="W", default=list(WORKLOADS),
                        help="default: all. " + "; ".join(f"{name}: {one.TITLE}" for name, one in WORKLOADS.items()))
    parser.add_argument("--peers", nargs="+", choices=PEERS,
                        help="beside the limit; default: outcry node flask; with --quick outcry and node")
    parser.add_argument("--rounds", type=int, default=3, help="of everything, interleaved (default 3)")
    parser.add_argument("--quick", action="store_true",
                        help="two minutes: few connections, low rates, checks what arrives and judges no times")
    parser.add_argument("--connections", type=int, help="where each has a room of its own (default 10000)")
    parser.add_argument("--peer-connections", action="append", default=[], metavar="PEER=N",
                        help="another number of connections for one peer; stands in the report")
    parser.add_argument("--window", type=float, help="seconds that one step measures (default 3; rooms of 10,000: 6)")
    parser.add_argument("--preset", default="release", help="build preset (default release)")
    parser.add_argument("--no-build", action="store_true", help="measure the programs that lie in out/PRESET")
    parser.add_argument("--plan", action="store_true", help="print what would be measured, and end")
    parser.add_argument("--keep", action="store_true", help="also write results/latest.* and the README's figures")
    parser.add_argument("--report", type=pathlib.Path, metavar="FILE",
                        help="measure nothing; make page and plots from the JSON file of a run, finished or not")
    arguments = parser.parse_args()
    if arguments.report and not arguments.report.is_file():
        parser.error(f"--report: there is no file {arguments.report}")
    if arguments.quick:
        arguments.rounds = 1
    arguments.peers = arguments.peers or (["outcry", "node"] if arguments.quick else list(PEERS))
    arguments.own_connections = []
    for text in arguments.peer_connections:
        peer, _, number = text.partition("=")
        if peer not in PEERS or not number.isdigit() or int(number) == 0:
            parser.error(f"--peer-connections: expected PEER=N, got {text}")
        arguments.own_connections.append((peer, int(number)))
    return arguments


def scale_of(arguments):
    scale = QUICK if arguments.quick else Scale()
    changes = {"peer_connections": tuple(arguments.own_connections)}
    if arguments.connections:
        changes["connections"] = arguments.connections
        # No other set-up gets larger than what was asked for.
        for name in ("variant_members", "polling_connections"):
            changes[name] = min(getattr(scale, name), arguments.connections)
        changes["fan_out_members"] = tuple(sorted({min(size, arguments.connections) for size in scale.fan_out_members}))
    if arguments.window:
        changes |= {"window_seconds": arguments.window, "fan_out_window_seconds": arguments.window * 2}
    return dataclasses.replace(scale, **changes)


def build(preset):
    progress(f"building {' '.join(PROGRAMS)} ({preset})")
    log = ROOT / "out" / "bench-build.log"
    log.parent.mkdir(exist_ok=True)
    with open(log, "w") as output:
        result = subprocess.run([str(ROOT / "build"), preset, *PROGRAMS], stdout=output, stderr=subprocess.STDOUT,
                                check=False)
    if result.returncode != 0:
        sys.exit(f"the build failed:\n{log.read_text()[-4000:]}")


def make_header(arguments, scale, started):
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, text=True, stdout=subprocess.PIPE,
                            check=False).stdout.strip()
    return {"date": started.isoformat(timespec="seconds"), "command": shlex.join(["bench/run", *sys.argv[1:]]),
            "commit": commit, "machine": machine.describe(), "rule": machine.RULE, "rounds": arguments.rounds,
            "quick": arguments.quick, "scale": dataclasses.asdict(scale), "finished": False}


def print_plan(visits, arguments, quick):
    total = arguments.rounds * sum(visit.seconds(quick) for visit in visits)
    progress(f"{arguments.rounds} round{'s' if arguments.rounds > 1 else ''}, about {plan.duration(total)}, each of:")
    for visit in visits:
        print(f"          {visit.describe()}", flush=True)


def run(arguments, scale, visits):
    """Exit code 1 when Outcry did what no server may do; of a quick run, when anything went wrong."""
    started = datetime.datetime.now(datetime.timezone.utc)
    name = started.strftime("%Y-%m-%dT%H%M%S")
    path = None if arguments.quick else RESULTS / f"{name}.json"
    results = Results(make_header(arguments, scale, started), path)
    try:
        with tempfile.TemporaryDirectory(prefix="outcry-bench-") as folder:
            rounds.play(arguments, scale, visits, results, pathlib.Path(folder), progress)
        results.header["finished"] = True
        results.save()
    except KeyboardInterrupt:
        progress("interrupted")
    for fault in results.faults():
        print(f"FAULT  {fault}", file=sys.stderr)
    if arguments.quick:
        # The report is made as well, so that what it reads is known to be there.
        with tempfile.TemporaryDirectory(prefix="outcry-bench-") as folder:
            report.write(results, pathlib.Path(folder), "quick")
        fine = results.header["finished"] and not results.faults()
        progress("everything arrived" if fine else "not everything is as it must be")
        return 0 if fine else 1
    if results.records:
        publish(results, RESULTS, name, arguments.keep)
    bad = any(record["faults"] for record in results.records if record["peer"] == "outcry")
    return 1 if bad or not results.header["finished"] else 0


def publish(results, folder, name, keep):
    """Page and plots beside the records; with `keep` all of it as 'latest' too."""
    print(report.write(results, folder, name))
    progress(f"written: {folder / name}.md, plots in {folder / name}/")
    if keep:
        report.write(results, RESULTS, "latest")
        Results(results.header, RESULTS / "latest.json", results.records).save()
        readme.update(results, "bench/results/latest")
        progress("kept as bench/results/latest.*, and shown in the README")


def main():
    arguments = parse_arguments()
    if arguments.report:
        publish(Results.load(arguments.report), arguments.report.parent, arguments.report.stem, arguments.keep)
        return 0
    scale = scale_of(arguments)
    workloads = [workload for name, workload in WORKLOADS.items() if name in arguments.workloads]
    visits = plan.make_visits(workloads, arguments.peers, scale)
    print_plan(visits, arguments, scale.quick)
    if arguments.plan:
        return 0

    def interrupt(*_):
        raise KeyboardInterrupt

    # As by Ctrl-C: the servers that were started are stopped on the way out, and what was measured is reported.
    signal.signal(signal.SIGTERM, interrupt)
    if not arguments.no_build:
        build(arguments.preset)
    return run(arguments, scale, visits)


if __name__ == "__main__":
    sys.exit(main())
