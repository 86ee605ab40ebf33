#!/usr/bin/python3
"""Captures what real back ends publish, for outcry_blast and the programs that publish inside a server.

  publisher/capture_template.py            writes publisher/templates/*.hex
  publisher/capture_template.py --verify   compares them with a fresh capture; 1 when one differs

A Redis server of its own, on a free port, carries the messages:
  python_pickle  Debian's Flask-SocketIO, SocketIO(message_queue=…).emit(…)
  python_json    the encoding of python-socketio 5.15.1 and newer, which Debian 12 doesn't have: the captured message of
                 version 5.16.3 in tests/vectors/python, with event, payload and room exchanged
  node_msgpack   @socket.io/redis-emitter, run by the Node.js of this machine (npm ci in peers/node-socketio first)
  arguments      the payload alone, as compact JSON: what a back end posts to the operations port as `data`
Each once for equity_updated, and once, as NAME_risk, for risk_alert.
The random id of the publishing process is replaced by a fixed one of the same length.
"""
import argparse
import json
import pathlib
import subprocess
import sys

BENCH = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BENCH))
from driver.services import RedisServer  # noqa: E402

TEMPLATES = BENCH / "publisher" / "templates"
CHANNEL = "tradesense_websocket"
ROOM = "challenge_bench-0000000"
HOST_ID = "5f1c9d7be2a84b6f93d8c1e7a6b4f2d9"
EVENTS = {"": "equity_updated", "_risk": "risk_alert"}


def payload_of(event):
    return json.loads((BENCH / "publisher" / f"{event}.json").read_text())


def capture(redis_server, publish):
    """Subscribes, calls `publish`, and returns (channel, body) of the one message that it caused."""
    import redis
    subscription = redis.Redis(host="127.0.0.1", port=redis_server.port).pubsub()
    subscription.psubscribe("*")
    subscription.get_message(timeout=5)
    publish()
    message = subscription.get_message(timeout=5)
    subscription.close()
    if message is None:
        raise RuntimeError("nothing was published")
    return message["channel"].decode(), message["data"]


def python_pickle(redis_server, event):
    from flask_socketio import SocketIO
    socketio = SocketIO(message_queue=redis_server.url, channel=CHANNEL)
    socketio.server.manager.host_id = HOST_ID
    return capture(redis_server, lambda: socketio.emit(event, payload_of(event), room=ROOM))


def python_json(_redis_server, event):
    vector = BENCH.parent / "tests" / "vectors" / "python" / "j19-emit-room-5.16.3.hex"
    body = bytes.fromhex(vector.read_text())
    message = json.loads(body)
    if json.dumps(message).encode() != body:
        raise RuntimeError("the captured message isn't what json.dumps makes")
    message.update(event=event, data=[payload_of(event)], room=ROOM, host_id=HOST_ID)
    return CHANNEL, json.dumps(message).encode()


def node_msgpack(redis_server, event):
    script = BENCH / "peers" / "node-socketio" / "publish_once.js"
    run = ["node", str(script), redis_server.url, ROOM, event, json.dumps(payload_of(event))]
    return capture(redis_server, lambda: subprocess.run(run, check=True, timeout=20))


def arguments(_redis_server, event):
    return None, json.dumps(payload_of(event), separators=(",", ":")).encode()


SOURCES = {
    "python_pickle": (python_pickle, "Debian 12: Flask-SocketIO 5.3.2, python-socketio 5.7.2, pickle"),
    "python_json": (python_json, "python-socketio 5.16.3, JSON"),
    "node_msgpack": (node_msgpack, "@socket.io/redis-emitter 5.1.0, msgpack"),
    "arguments": (arguments, "compact JSON"),
}
NAMES = [source + suffix for source in SOURCES for suffix in EVENTS]


def as_text(origin, event, channel, body):
    digits = body.hex()
    lines = [digits[at:at + 96] for at in range(0, len(digits), 96)]
    head = [f"# {origin}; made by capture_template.py", f"# event: {event}"]
    if channel is not None:
        head.append(f"# channel: {channel}")
    return "\n".join(head + lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--verify", action="store_true", help="compare only")
    parser.add_argument("names", nargs="*", help=f"of {', '.join(NAMES)} (default: all)")
    options = parser.parse_args()
    unknown = set(options.names) - set(NAMES)
    if unknown:
        parser.error(f"no such template: {', '.join(sorted(unknown))}")
    differing = 0
    with RedisServer() as redis_server:
        for name in options.names or NAMES:
            suffix = "_risk" if name.endswith("_risk") else ""
            source, origin = SOURCES[name.removesuffix("_risk")]
            text = as_text(origin, EVENTS[suffix], *source(redis_server, EVENTS[suffix]))
            file = TEMPLATES / f"{name}.hex"
            if not options.verify:
                file.write_text(text)
                print(f"wrote {file.relative_to(BENCH)}")
            elif not file.exists() or file.read_text() != text:
                print(f"{file.relative_to(BENCH)} differs from what is published today", file=sys.stderr)
                differing += 1
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
