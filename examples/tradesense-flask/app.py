#!/usr/bin/python3
"""The platform as it is in production: a Flask application that publishes through Redis.

The business is the demonstration's (`examples/demo/desk`); only the way out differs. Flask-SocketIO
serves no sockets here: it is a write-only publisher, and the gateway is the server. Needs Debian's
python3-flask, python3-flask-socketio and python3-redis.
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from pathlib import Path
from threading import Event as Signal
from threading import Thread
from typing import Sequence

from flask import Flask, Response, request
from flask_socketio import SocketIO
from werkzeug.serving import make_server

DEMO = Path(__file__).resolve().parent.parent / "demo"
sys.path.insert(0, str(DEMO))

from desk.accounts import ACCOUNTS  # noqa: E402  (the path above comes first)
from desk.api import Api  # noqa: E402
from desk.challenge import Event  # noqa: E402
from desk.database import save_challenges  # noqa: E402
from desk.desk import Desk  # noqa: E402
from desk.prices import PRICES_FILE, read_prices  # noqa: E402
from desk.trading import trade_until  # noqa: E402

CHANNEL = "tradesense_websocket"
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class RedisPublisher:
    """Flask-SocketIO without a server: `emit` writes one message to the Redis channel.

    When Redis is away the library logs it and drops the message, and trading goes on.
    """

    def __init__(self, redis_url: str) -> None:
        self._socketio = SocketIO(message_queue=redis_url, channel=CHANNEL)
        self._published_total = 0

    def publish(self, events: Sequence[Event]) -> None:
        for event in events:
            self._socketio.emit(event.name, dict(event.payload), room=event.room)
            self._published_total += 1

    def health(self) -> dict[str, int]:
        return {"published": self._published_total}


def create_app(api: Api) -> Flask:
    """The platform's API behind Flask: every route is answered by `desk.api`."""
    app = Flask(__name__, static_folder=None)

    @app.route("/", defaults={"path": ""}, methods=["GET", "OPTIONS"])
    @app.route("/<path:path>", methods=["GET", "OPTIONS"])
    def answer(path: str) -> Response:
        target = f"/{path}?{request.query_string.decode('ascii', 'replace')}"
        result = api.respond(request.method, target, request.headers)
        return Response(result.body, result.status, dict(result.headers))

    return app


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    try:
        desk = Desk(ACCOUNTS, read_prices(options.prices))
        secret = options.secret_file.read_bytes().strip()
        save_challenges(options.database, desk.challenges())
        publisher = RedisPublisher(options.redis)
        api = Api(desk, secret, frozenset(options.origin), publisher.health)
        server = make_server("127.0.0.1", options.port, create_app(api), threaded=True)
    except (OSError, ValueError) as error:
        print(f"app.py: {error}", file=sys.stderr)
        return 1
    stop = Signal()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    Thread(target=server.serve_forever, name="api", daemon=True).start()
    logging.info("trading; the API listens on http://127.0.0.1:%d", server.server_port)
    trade_until(stop, desk, publisher, options.database, options.interval_ms / 1000)
    server.shutdown()
    return 0


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The platform as a Flask application.")
    parser.add_argument("--port", type=int, default=5002, help="of the API, on 127.0.0.1; 5002")
    parser.add_argument("--redis", required=True, help="message queue, redis://HOST:PORT/DB")
    parser.add_argument("--origin", action="append", default=[], help="a page's origin; repeat")
    parser.add_argument("--secret-file", type=Path, required=True, help="key that signs tokens")
    parser.add_argument("--database", type=Path, required=True, help="SQLite file to write")
    parser.add_argument("--prices", type=Path, default=DEMO / PRICES_FILE, help="daily prices")
    parser.add_argument("--interval-ms", type=int, default=250, help="between two prints; 250")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
