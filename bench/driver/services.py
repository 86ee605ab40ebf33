"""Programs that a run starts on free loopback ports, and stops by their own process id."""
import json
import os
import pathlib
import select
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


class CommandFailed(RuntimeError):
    """A program that takes commands could not do its work; the message is its own."""


class Commands:
    """A running process that answers each line of its standard input by one line of JSON."""

    def __init__(self, name, process):
        self.name = name
        self.process = process

    def answer(self, seconds=240):
        # One line answers one command, so nothing waits in the buffer that select can't see.
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            raise CommandFailed(f"{self.name} has not answered for {seconds} s")
        line = self.process.stdout.readline()
        if not line:
            raise CommandFailed(f"{self.name} ended with code {self.process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise CommandFailed(f"{self.name}: {answer['error']}")
        return answer

    def send(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def ask(self, command):
        self.send(command)
        return self.answer()

    def quit(self, seconds=10):
        if self.process.poll() is None:
            try:
                self.send("quit")
                self.process.wait(timeout=seconds)
            except (BrokenPipeError, subprocess.TimeoutExpired):
                self.process.kill()
                self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            try:
                pipe.close()
            except BrokenPipeError:
                pass  # what was never sent is of no use to a process that is gone


class Service:
    """A child process pinned to one core, its output in a file; a context manager that stops it.

    `takes_commands`: its standard input and output are for `commands` instead, and the file has its errors alone.
    """
    takes_commands = False
    commands = None

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
            pipe = self.takes_commands
            self.process = subprocess.Popen([*pin, *map(str, self.command)],
                                            stdin=subprocess.PIPE if pipe else subprocess.DEVNULL,
                                            stdout=subprocess.PIPE if pipe else log, stderr=log, text=True,
                                            env=self.env, cwd=self.cwd)
        if pipe:
            self.commands = Commands(self.name, self.process)
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
        if self.commands is not None:
            self.commands.quit()
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
