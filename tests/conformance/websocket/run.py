#!/usr/bin/env python3
"""Runs the WebSocket cases against a server that echoes messages.

    run.py --binary out/dev/echo_server        starts the server on a free port, and stops it
    run.py --binary out/dev/echo_server --tls  the same over TLS, with a certificate of its own
    run.py --url ws://127.0.0.1:9001/echo      a server that runs already; wss:// without verifying

Prints each failed case and closes with `N passed, N failed`; exit code 1 when a case failed.
"""

import argparse
import concurrent.futures
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import close_cases
import compression_cases
import framing_cases
import handshake_cases
import limit_cases
import utf8_cases
from case_list import CaseList, Scale
from wire import Target, Violation

START_SECONDS = 10.0


def collect(scale):
    cases = CaseList()
    for module in (framing_cases, utf8_cases, close_cases, limit_cases, handshake_cases):
        module.add_cases(cases)
    compression_cases.add_cases(cases, scale)
    return cases.cases


def verdict(case, target):
    """None, or why the sentence is false."""
    try:
        case.run(target)
    except Violation as violation:
        return str(violation)
    except EOFError:
        return "the server hung up"
    except OSError as error:
        return f"{type(error).__name__}: {error}"
    return None


def selected(cases, prefixes):
    return [
        case
        for case in cases
        if not prefixes
        or any((case.id + ".").startswith(prefix.rstrip(".") + ".") for prefix in prefixes)
    ]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port, process):
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            sys.exit(f"the server ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.02)
    sys.exit("the server does not listen")


def stop(process):
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def make_certificate(directory):
    """Signed by itself; returns the server's arguments for it."""
    certificate, key = f"{directory}/certificate.pem", f"{directory}/key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    out = ["-subj", "/CN=localhost", "-out", certificate, "-keyout", key]
    subprocess.run([*command.split(), *out], check=True, capture_output=True)
    return ["--tls-certificate", certificate, "--tls-key", key]


def run_all(cases, target, options):
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        verdicts = pool.map(lambda case: verdict(case, target), cases)
        for case, why in zip(cases, verdicts):
            failed += why is not None
            if why is not None:
                print(f"FAILED {case.id}: {case.sentence}\n       {why}")
            elif options.verbose:
                print(f"ok     {case.id}: {case.sentence}")
    print(f"{len(cases) - failed} passed, {failed} failed")
    return failed


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--url", help="a running server, ws://HOST:PORT/PATH")
    where.add_argument("--binary", help="an echo_server program to start")
    where.add_argument("--list", action="store_true", help="print the cases")
    parser.add_argument("--tls", action="store_true", help="with --binary: the cases over TLS")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="PREFIX",
        help="cases whose id starts so; repeatable",
    )
    parser.add_argument(
        "--full",
        action="store_true",
        help="1000 messages instead of 10 for each case of groups 12 and 13",
    )
    parser.add_argument("--jobs", type=int, default=4, help="connections at a time (default 4)")
    parser.add_argument("--verbose", action="store_true", help="print the passed cases as well")
    return parser.parse_args()


def main():
    options = parse_options()
    cases = selected(collect(Scale(compressed_messages=1000 if options.full else 10)), options.only)
    if options.list:
        for case in cases:
            print(f"{case.id}: {case.sentence}")
        return 0
    if not cases:
        sys.exit("no such case")
    if options.url:
        return 1 if run_all(cases, Target(options.url), options) else 0
    port = free_port()
    scheme = "wss" if options.tls else "ws"
    with tempfile.TemporaryDirectory() as directory:
        tls = make_certificate(directory) if options.tls else []
        process = subprocess.Popen([options.binary, "--listen", f"127.0.0.1:{port}", *tls])
        try:
            wait_for_port(port, process)
            return 1 if run_all(cases, Target(f"{scheme}://127.0.0.1:{port}/echo"), options) else 0
        finally:
            stop(process)


if __name__ == "__main__":
    sys.exit(main())
