"""Programs that a run starts on free loopback ports, and stops by their own process id."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Service:
    """A child process pinned to one core, its output in a file; a context manager that stops it."""

    def __init__(self, name, command, core=None, env=None, cwd=None):
        self.name = name
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"outcry-bench-{name}-"))
        self.command = command
        self.core = core
        self.env = {**os.environ, **(env or {})}
        self.cwd = cwd or self.folder
        self.process = None

    @property
    def pid(self):
        return self.process.pid

    def start(self):
        # A server that may not open 10,000 sockets fails late and oddly; taskset and the limit are inherited.
        pin = ["taskset", "-c", str(self.core)] if self.core is not None else []
        with open(self.folder / "output.log", "wb") as log:
            self.process = subprocess.Popen([*pin, *map(str, self.command)], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT, env=self.env, cwd=self.cwd)
        return self

    def output(self):
        return (self.folder / "output.log").read_text(errors="replace")

    def wait_for_port(self, port, seconds=20):
        """Returns when something listens. Raises RuntimeError with the end of the output when that never happens."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"{self.name} does not listen on port {port}:\n{self.output()[-2000:]}")

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_):
        self.stop()


class RedisServer(Service):
    """Redis without persistence. A subscriber that falls behind in an overload step isn't cut off by Redis' default of
    32 MB, because the search for the highest rate overloads each server on purpose and lets it catch up."""

    def __init__(self, core=None):
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        super().__init__("redis", ["redis-server", "--bind", "127.0.0.1", "--port", self.port, "--save", "",
                                   "--appendonly", "no", "--client-output-buffer-limit", "pubsub 512mb 0 0"], core)

    def start(self):
        super().start()
        self.wait_for_port(self.port)
        return self
