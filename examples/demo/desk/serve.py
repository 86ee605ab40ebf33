"""The API behind Python's own HTTP server: loopback, a thread for each connection."""

from __future__ import annotations

import logging
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from .api import Api

log = logging.getLogger("api")


class ApiServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, host: str, port: int, api: Api) -> None:
        super().__init__((host, port), _Handler)
        self.api = api

    def start(self) -> None:
        Thread(target=self.serve_forever, name="api", daemon=True).start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30  # seconds that an idle connection is kept
    server: ApiServer

    def do_GET(self) -> None:
        self._respond()

    def do_OPTIONS(self) -> None:
        self._respond()

    def log_message(self, format: str, *args: object) -> None:
        log.debug(format, *args)

    def _respond(self) -> None:
        response = self.server.api.respond(self.command, self.path, self.headers)
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body)
