#!/usr/bin/python3
"""The platform's gateway as it stands today: Flask-SocketIO on eventlet, events from Redis by its message queue, or
from a publisher in this process (publisher.py).

  server.py --port P --secret-file F (--redis URL | --publish PAYLOAD_JSON --rooms N)
"""
import eventlet

eventlet.monkey_patch()

import argparse  # noqa: E402
import json  # noqa: E402
import pathlib  # noqa: E402
import time  # noqa: E402

import flask  # noqa: E402
import flask_socketio  # noqa: E402
import jwt  # noqa: E402
import publisher  # noqa: E402

CHANNEL = "tradesense_websocket"
TOKEN_AGE_SECONDS_MAX = 3600
# eventlet.wsgi serves 1,024 connections at a time unless told otherwise, and a WebSocket occupies one for its life.
CONNECTIONS_MAX = 20_000


def verify_token(token, secret):
    """The user of an HS256 token; raises jwt.PyJWTError when it is malformed, forged, expired or too old."""
    claims = jwt.decode(token, secret, algorithms=["HS256"], options={"require": ["exp", "iat", "user_id"]})
    if claims["iat"] < time.time() - TOKEN_AGE_SECONDS_MAX:
        raise jwt.ExpiredSignatureError("too old")
    return claims["user_id"]


def owns(user_id, challenge_id):
    """As bench data has it, user-N owns bench-N. A lookup in memory: this peer never waits for a database."""
    return challenge_id.startswith("bench-") and challenge_id[len("bench-"):] == user_id[len("user-"):]


def make_app(redis_url, secret):
    app = flask.Flask(__name__)
    queue = {"message_queue": redis_url, "channel": CHANNEL} if redis_url else {}
    socketio = flask_socketio.SocketIO(app, async_mode="eventlet", manage_session=False, **queue)
    users = {}

    @socketio.on("connect")
    def on_connect(auth):
        try:
            users[flask.request.sid] = verify_token((auth or {}).get("token"), secret)
        except jwt.PyJWTError:
            raise flask_socketio.ConnectionRefusedError("unauthorized") from None

    @socketio.on("disconnect")
    def on_disconnect():
        users.pop(flask.request.sid, None)

    @socketio.on("join_challenge")
    def on_join(request):
        challenge_id = request.get("challenge_id") if isinstance(request, dict) else None
        if not isinstance(challenge_id, str) or not owns(users[flask.request.sid], challenge_id):
            flask_socketio.emit("error", {"message": "not your challenge"})
            return
        flask_socketio.join_room(f"challenge_{challenge_id}")
        flask_socketio.emit("joined_challenge", {"challenge_id": challenge_id})

    return app, socketio


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--redis")
    parser.add_argument("--publish", type=pathlib.Path)
    parser.add_argument("--rooms", type=int, default=1)
    parser.add_argument("--secret-file", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    app, socketio = make_app(arguments.redis, arguments.secret_file.read_text().strip())
    if arguments.publish:
        # The port listens a moment later: who reads this line tries again until it does.
        print(json.dumps({"listening": f"127.0.0.1:{arguments.port}"}), flush=True)
        socketio.start_background_task(publisher.take_commands, socketio, json.loads(arguments.publish.read_text()),
                                       arguments.rooms)
    socketio.run(app, host="127.0.0.1", port=arguments.port, log_output=False, max_size=CONNECTIONS_MAX)


if __name__ == "__main__":
    main()
