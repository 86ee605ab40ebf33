"""The servers that are compared: how each is started in its production settings, and the messages that it is fed."""
import dataclasses
import pathlib

from driver.services import Service, free_port

BENCH = pathlib.Path(__file__).resolve().parent.parent
ROOT = BENCH.parent


@dataclasses.dataclass(frozen=True)
class Peer:
    """`first_rate` is where the search for the highest rate starts, messages/s; `template` is what is published."""
    name: str
    title: str
    template: str
    first_rate: int
    make_service: object  # (run) -> Service with .port


# The shortest configuration that serves the platform, and what makes the comparison like for like: one worker, and each
# event under one name only (the default delivers three names under two each).
OUTCRY_CONFIG = """\
[server]
listen = "127.0.0.1:{port}"
workers = 1
connections_max = 20000
[operations]
listen = "127.0.0.1:{operations_port}"
api_keys = ["bench-operations-key-0123456789abcdef"]
[auth]
secret_file = "{secret_file}"
[bus]
redis = "{redis}"
python_channels = ["tradesense_websocket"]
[store]
url = "sqlite:{database}"
[events]
aliases = {{}}
[log]
level = "warning"
"""


def make_outcry(run):
    port = free_port()
    service = Service("outcry", [], run.server_core)
    config = service.folder / "outcry.toml"
    config.write_text(OUTCRY_CONFIG.format(port=port, operations_port=free_port(), secret_file=run.secret_file,
                                           redis=run.redis.url, database=run.ownership_file))
    service.command = [run.program("outcry"), "serve", "--config", config]
    service.port = port
    return service


def make_node(run):
    port = free_port()
    folder = BENCH / "peers" / "node-socketio"
    command = ["node", folder / "server.js", "--port", port, "--redis", run.redis.url, "--secret-file", run.secret_file]
    service = Service("node", command, run.server_core, env={"NODE_ENV": "production"})
    service.port = port
    return service


def make_flask(run):
    port = free_port()
    command = ["/usr/bin/python3", BENCH / "peers" / "flask-socketio" / "server.py", "--port", port,
               "--redis", run.redis.url, "--secret-file", run.secret_file]
    service = Service("flask", command, run.server_core)
    service.port = port
    return service


PEERS = {peer.name: peer for peer in [
    Peer("outcry", "Outcry, one worker", "python_pickle", 20_000, make_outcry),
    Peer("node", "Node.js, Socket.IO 4.8 (`ws`), redis-adapter", "node_msgpack", 5_000, make_node),
    Peer("flask", "Flask-SocketIO 5.3, eventlet", "python_pickle", 2_000, make_flask),
]}
