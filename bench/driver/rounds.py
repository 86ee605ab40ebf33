"""The run itself: every visit of every round, and its records."""
import contextlib
import json
import os
import pathlib
import subprocess

from driver.peers import PEERS_AND_LIMIT
from driver.plan import Clock
from driver.services import RedisServer
from driver.session import Run, connected

SECRET = "bench-secret-of-no-use-outside-0123456789"
# What a server, the generator or a publisher may do to a visit; everything else is a fault of this program.
VISIT_ERRORS = (RuntimeError, OSError, subprocess.SubprocessError, json.JSONDecodeError, KeyError)


class Recorder:
    """Called by a part of a workload for each figure that it has measured."""

    def __init__(self, results, visit, part, number):
        self.results, self.visit, self.part, self.number = results, visit, part, number

    def __call__(self, case, values, raw, disturbed=None, faults=()):
        """`raw` is a step, or steps, or whatever the figures were taken from; a step knows if it was disturbed."""
        faults = list(faults)
        if isinstance(raw, dict) and raw.get("missing"):
            faults.append(f"{raw['missing']} deliveries are missing of those at {raw['rate']:g}/s")
        self.results.add({
            "workload": self.part.workload, "case": case, "peer": self.visit.peer, "round": self.number,
            "values": values, "disturbed": raw["disturbed"] if disturbed is None else disturbed, "faults": faults,
            "raw": raw})


def measure(run, visit, number, results):
    """One visit; what goes wrong is recorded and ends the visit alone."""
    peer = PEERS_AND_LIMIT[visit.peer]
    part = None

    def add(workload, case, **fields):
        results.add({"workload": workload, "case": case, "peer": visit.peer, "round": number, "values": {},
                     "disturbed": False, "faults": []} | fields)

    try:
        with connected(run, peer, visit.setting) as session:
            for part in visit.parts:
                part.measure(session, Recorder(results, visit, part, number))
            session.drain()
            faults = session.faults()
            if faults:
                add(part.workload, "visit", faults=faults)
    except VISIT_ERRORS as error:
        text = f"{type(error).__name__}: {error}"
        run.progress(f"{visit.peer}: {text}")
        for workload in [part.workload] if part else visit.workloads:
            add(workload, "visit", error=text, faults=[text])


def choose_cores(quick):
    """(for the server, for everything else). This process goes to the second, so that its work is not a stranger's."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2 and not quick:
        raise SystemExit("bench/run: needs two cores, or --quick")
    os.sched_setaffinity(0, {cores[min(1, len(cores) - 1)]})
    return cores[0], cores[min(1, len(cores) - 1)]


def write_files(run, rooms_max):
    """The secret of the tokens, who owns which room, and a certificate for 127.0.0.1."""
    run.secret_file.write_text(SECRET)
    run.secret_file.chmod(0o600)
    subprocess.run([run.program("outcry_load"), "--write-sqlite", run.ownership_file, "--rooms", str(rooms_max)],
                   check=True)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", run.tls_key, "-out", run.tls_certificate],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def play(arguments, scale, visits, results, folder: pathlib.Path, progress):
    """All rounds. Ended by KeyboardInterrupt or SystemExit, the servers stop and `results` has what was measured."""
    server_core, load_core = choose_cores(scale.quick)
    clock = Clock(visits * arguments.rounds, scale.quick)
    with contextlib.ExitStack() as stack:
        redis = stack.enter_context(RedisServer(load_core))
        run = Run(preset=arguments.preset, quick=scale.quick, window_seconds=scale.window_seconds,
                  server_core=server_core, load_core=load_core, folder=folder, redis=redis, progress=progress)
        write_files(run, max(visit.setting.rooms for visit in visits))
        for number in range(1, arguments.rounds + 1):
            for visit in visits:
                progress(f"round {number} of {arguments.rounds} {clock.describe()} {visit.describe()}")
                measure(run, visit, number, results)
                clock.done()
