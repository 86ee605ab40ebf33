"""The gateway for Python tests: configuration, database, Redis, tokens; everything ends with the test."""

import atexit
import base64
import hashlib
import hmac
import json
import os
import pathlib
import random
import secrets
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import uuid

CHANNEL = "tradesense_websocket"
START_SECONDS = 20.0
ROOT = pathlib.Path(__file__).resolve().parents[2]
# Not those from 32768 on, which the kernel gives to connections: tests/support/process.mjs.
PORTS = range(11_000, 32_768)


def free_port():
    """A TCP port of 127.0.0.1 that was free a moment ago, and isn't taken by a connection meanwhile."""
    while True:
        port = random.choice(PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def eventually(what, probe):
    """Calls `probe` until it is true: for states of another process that no event announces."""
    deadline = time.monotonic() + START_SECONDS
    while not probe():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {START_SECONDS} s")
        time.sleep(0.02)


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


class Program:
    """A process that listens on `ports`; killed at the latest when this one ends."""

    def __init__(self, command, ports):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT)
        atexit.register(self.kill)
        for port in ports:
            eventually(f"{command[0]} listens", lambda port=port: self.check() and listens(port))

    def check(self):
        if self.process.poll() is not None:
            self.log.seek(0)
            raise AssertionError(
                f"ended with {self.process.returncode}: {self.log.read().decode()}"
            )
        return True

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
        self.log.close()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def encoded(value):
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


class Gateway:
    """
    One gateway with four workers, one Redis, and `user`, who owns `challenge` and `second`.

    With `tls` the clients' port speaks it; `root` is the file of the certificate to trust. With
    `acknowledge`, a list of events, there is a log on disk.
    """

    def __init__(self, tls=False, acknowledge=()):
        self.directory = tempfile.mkdtemp(prefix="outcry-python-")
        self.secret, self.api_key = secrets.token_urlsafe(48), secrets.token_hex(24)
        self.user = f"ann-{uuid.uuid4()}"
        self.challenge, self.second, self.foreign = (str(uuid.uuid4()) for _ in range(3))
        database = os.path.join(self.directory, "challenges.db")
        with sqlite3.connect(database) as connection:
            connection.execute(
                "CREATE TABLE challenges (id TEXT PRIMARY KEY, user_id TEXT NOT NULL)"
            )
            owners = ((self.challenge, self.user), (self.second, self.user), (self.foreign, "bob"))
            connection.executemany("INSERT INTO challenges VALUES (?, ?)", owners)
        self.redis_port, self.port, self.operations_port = free_port(), free_port(), free_port()
        self.redis_url = f"redis://127.0.0.1:{self.redis_port}/0"
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.root = self.make_certificate() if tls else None
        self.file = os.path.join(self.directory, "outcry.toml")
        self.write_config(database, acknowledge)
        flags = [
            "--port",
            str(self.redis_port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            self.directory,
        ]
        self.redis = Program(["redis-server", *flags], [self.redis_port])
        self.start()

    def write_config(self, database, acknowledge):
        tls = {
            "tls_certificate_file": self.root,
            "tls_key_file": f"{self.root}.key",
            # Debian's websocket-client names http:// as its origin, also where it speaks TLS.
            "allowed_origins": [f"http://127.0.0.1:{self.port}"],
        }
        sections = {
            "server": {
                "listen": f"127.0.0.1:{self.port}",
                "workers": 4,
                **(tls if self.root else {}),
            },
            "operations": {
                "listen": f"127.0.0.1:{self.operations_port}",
                "api_keys": [self.api_key],
            },
            "auth": {"secret": self.secret},
            "store": {"url": f"sqlite:{database}"},
            "bus": {"redis": self.redis_url, "heartbeat_ms": 100, "reconnect_max_ms": 200},
        }
        if acknowledge:
            sections["eventlog"] = {"path": os.path.join(self.directory, "log.db")}
            sections["events"] = {"acknowledge": acknowledge}
        with open(self.file, "w", encoding="utf-8") as file:
            for section, keys in sections.items():
                file.write(f"[{section}]\n")
                file.writelines(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())

    def make_certificate(self):
        """Signed by itself, so that it is its own root."""
        file = os.path.join(self.directory, "certificate.pem")
        command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
        name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
        out = ["-out", file, "-keyout", f"{file}.key"]
        subprocess.run([*command.split(), *name, *out], check=True, capture_output=True)
        return file

    def start(self):
        binary = os.environ.get("OUTCRY_BINARY", str(ROOT / "out/dev/outcry"))
        command = [binary, "serve", "--config", self.file]
        self.program = Program(command, [self.port, self.operations_port])
        eventually("the gateway is ready", self.ready)

    def ready(self):
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.operations_port}/readyz"
            ) as answer:
                return answer.status == 200
        except urllib.error.HTTPError:
            return False

    def token(self, **claims):
        now = int(time.time())
        payload = {"user_id": self.user, "iat": now, "exp": now + 3600, **claims}
        header = encoded(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
        signed = f"{header}.{encoded(json.dumps(payload).encode())}"
        digest = hmac.new(self.secret.encode(), signed.encode(), hashlib.sha256).digest()
        return f"{signed}.{encoded(digest)}"

    def publish(self, event, data, room=None):
        """By HTTP; room None: the trader's challenge."""
        body = {"room": room or f"challenge_{self.challenge}", "event": event, "data": data}
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.operations_port}/v1/publish",
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "X-API-Key": self.api_key},
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def close(self):
        self.program.stop()
        self.redis.stop()
        shutil.rmtree(self.directory)
