"""The servers that are compared: how each is started in its production settings, and the messages that it is fed."""
import dataclasses
import json
import pathlib

from driver.services import Service, free_port

BENCH = pathlib.Path(__file__).resolve().parent.parent
ROOT = BENCH.parent
TEMPLATES = BENCH / "publisher" / "templates"
OPERATIONS_KEY = "bench-operations-key-0123456789abcdef"


@dataclasses.dataclass(frozen=True)
class Setting:
    """What a server and its connections are set up for; parts of workloads with equal settings share one server."""
    connections: int
    rooms: int
    feed: str = "redis"  # or "process": the publisher is in the server
    tls: bool = False
    deflate: bool = False
    transport: str = "websocket"  # or "polling"
    slow_share: float = 0.0

    @property
    def members(self):
        return self.connections // self.rooms

    @property
    def measured_members(self):
        """The members of a room whose deliveries are counted: those that are no slow readers."""
        return self.members - round(self.members * self.slow_share)


@dataclasses.dataclass(frozen=True)
class Peer:
    """`template` is what is published to it through Redis (None: it has no Redis); `first_rate` is where the search for
    the highest rate starts, messages/s; `connects_per_second` estimates how long a set-up takes."""
    name: str
    title: str
    short_title: str  # for plots
    make_service: object  # (run, setting) -> Service with .port
    template: str | None
    first_rate: int
    connects_per_second: int
    bare: bool = False  # its clients stop at the WebSocket upgrade


def outcry_config(run, setting, port, operations_port):
    """The shortest configuration that serves the platform, and what makes the comparison like for like: one worker,
    each event under one name only (the default delivers three names under two each), every event delivered to
    everyone (the default lets a newer value supersede one that still waits), and as many sockets and joins of one user
    as the generator asks for (a room's members are one user to it)."""
    config = {
        "server": {"listen": f"127.0.0.1:{port}", "workers": 1, "connections_max": 20_000},
        "operations": {"listen": f"127.0.0.1:{operations_port}", "api_keys": [OPERATIONS_KEY]},
        "auth": {"secret_file": str(run.secret_file)},
        "store": {"url": f"sqlite:{run.ownership_file}"},
        "events": {"aliases": {}, "latest": []},
        "limits": {"user_sockets_max": 20_000, "user_joins_burst": 20_000, "user_packets_burst": 100_000},
        "log": {"level": "warning"},
    }
    if setting.feed == "redis":
        config["bus"] = {"redis": run.redis.url, "python_channels": ["tradesense_websocket"]}
    if setting.tls:
        config["server"] |= {"tls_certificate_file": str(run.tls_certificate), "tls_key_file": str(run.tls_key)}
    if setting.deflate:  # an event is smaller than what is compressed by default
        config["engine"] = {"permessage_deflate": True, "deflate_min_bytes": 0}
    if setting.slow_share:
        config["events"] |= {"latest": ["equity_updated"], "keys": {"equity_updated": "trade_symbol"}}
    return config


def as_toml(config):
    def written(value):
        if isinstance(value, dict):
            return "{" + ", ".join(f"{json.dumps(key)} = {written(inner)}" for key, inner in value.items()) + "}"
        return json.dumps(value)  # texts, numbers, truth values and lists of them are written alike

    return "".join(f"[{name}]\n" + "".join(f"{key} = {written(value)}\n" for key, value in section.items())
                   for name, section in config.items())


def with_port(service, port):
    service.port = port
    return service


def make_outcry(run, setting):
    port = free_port()
    service = with_port(Service("outcry", [], run.server_core), port)
    config = service.folder / "outcry.toml"
    service.operations_port = free_port()
    config.write_text(as_toml(outcry_config(run, setting, port, service.operations_port)))
    if setting.feed == "redis":
        service.command = [run.program("outcry"), "serve", "--config", config]
    else:
        service.command = [run.program("outcry_inprocess"), "--config", config, "--rooms", setting.rooms,
                           "--template", TEMPLATES / "arguments.hex", "--life-seconds", run.life_seconds]
    service.takes_commands = setting.feed == "process"
    return service


def make_limit(run, setting):
    port = free_port()
    service = with_port(Service("limit", [
        run.program("outcry_limit"), "--listen", f"127.0.0.1:{port}", "--template", TEMPLATES / "arguments.hex",
        "--rooms", setting.rooms, "--life-seconds", run.life_seconds], run.server_core), port)
    service.takes_commands = True
    return service


def peer_arguments(run, setting, port):
    """What the other servers' programs are told."""
    arguments = ["--port", port, "--secret-file", run.secret_file]
    if setting.feed == "redis":
        arguments += ["--redis", run.redis.url]
    else:
        arguments += ["--publish", BENCH / "publisher" / "equity_updated.json", "--rooms", setting.rooms]
    if setting.tls:
        arguments += ["--tls-certificate", run.tls_certificate, "--tls-key", run.tls_key]
    return arguments + (["--deflate"] if setting.deflate else [])


def make_node(run, setting):
    port = free_port()
    program = BENCH / "peers" / "node-socketio" / "server.js"
    command = ["node", program, *peer_arguments(run, setting, port)]
    service = with_port(Service("node", command, run.server_core, env={"NODE_ENV": "production"}), port)
    service.takes_commands = setting.feed == "process"
    return service


def make_flask(run, setting):
    port = free_port()
    program = BENCH / "peers" / "flask-socketio" / "server.py"
    command = ["/usr/bin/python3", program, *peer_arguments(run, setting, port)]
    service = with_port(Service("flask", command, run.server_core), port)
    service.takes_commands = setting.feed == "process"
    return service


LIMIT = "limit"
PEERS = {peer.name: peer for peer in [
    Peer("outcry", "Outcry, one worker", "Outcry", make_outcry, "python_pickle", 20_000, 15_000),
    Peer("node", "Node.js, Socket.IO 4.8 (`ws`)", "Node.js socket.io", make_node, "node_msgpack", 5_000, 3_000),
    Peer("flask", "Flask-SocketIO 5.3, eventlet", "Flask-SocketIO", make_flask, "python_pickle", 2_000, 650),
]}
# Always measured where it can be: without it the other numbers say little.
PEERS_AND_LIMIT = {LIMIT: Peer(LIMIT, "**the limit**: epoll and `send()`", "the kernel's limit", make_limit, None,
                               20_000, 25_000, bare=True), **PEERS}
