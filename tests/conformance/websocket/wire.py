"""One WebSocket connection as a test wants it: every octet of what is sent is chosen here.

    connect -> Connection: send_frame, send_raw … expect_message, expect_failure, close_cleanly

A library client would refuse to send what most cases are about, and would hide how the server's
answer was framed. So frames are made and taken apart here (RFC 6455 §5.2), and each frame of the
server is checked against the rules for servers: unmasked, minimal lengths, reserved bits only as
negotiated, control frames whole.
"""

import base64
import hashlib
import os
import socket
import ssl
import struct
import urllib.parse
import zlib

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
RSV1, RSV2, RSV3 = 0x40, 0x20, 0x10
TIMEOUT_SECONDS = 10.0
DEFLATE_TAIL = b"\x00\x00\xff\xff"


class Violation(Exception):
    """The server did something else than the case demands."""


def mask(payload, key):
    """XORs `payload` with the repeated four octets of `key` (RFC 6455 §5.3)."""
    length = len(payload)
    if length == 0 or key == b"\x00\x00\x00\x00":
        return bytes(payload)
    stream = (key * (length // 4 + 1))[:length]
    number = int.from_bytes(payload, "little") ^ int.from_bytes(stream, "little")
    return number.to_bytes(length, "little")


def frame(opcode, payload=b"", fin=True, rsv=0, key=None, masked=True, length_octets=None):
    """Encodes one client frame. `length_octets` (1, 3, 9) forces a longer length field."""
    first = (0x80 if fin else 0) | rsv | opcode
    length = len(payload)
    if length_octets is None:
        length_octets = 1 if length < 126 else 3 if length < 65536 else 9
    flag = 0x80 if masked else 0
    if length_octets == 1:
        head = bytes((first, flag | length))
    elif length_octets == 3:
        head = bytes((first, flag | 126)) + struct.pack(">H", length)
    else:
        head = bytes((first, flag | 127)) + struct.pack(">Q", length)
    if not masked:
        return head + payload
    key = os.urandom(4) if key is None else key
    return head + key + mask(payload, key)


def fragments(opcode, payload, size, rsv=0):
    """A message in frames of `size` octets; the last one may be shorter."""
    pieces = [payload[at : at + size] for at in range(0, len(payload), size)] or [b""]
    return [
        frame(
            opcode if at == 0 else CONTINUATION,
            piece,
            fin=at == len(pieces) - 1,
            rsv=rsv if at == 0 else 0,
        )
        for at, piece in enumerate(pieces)
    ]


def chop(data, size):
    return [data[at : at + size] for at in range(0, len(data), size)]


class Inbound:
    """A frame from the server."""

    def __init__(self, opcode, fin, rsv, payload):
        self.opcode, self.fin, self.rsv, self.payload = opcode, fin, rsv, payload

    def __str__(self):
        names = {0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong"}
        name = names.get(self.opcode, self.opcode)
        return f"{name} frame of {len(self.payload)} octets {self.payload[:24]!r}"


class Deflate:
    """permessage-deflate as agreed with the server (RFC 7692 §7), from the client's side."""

    def __init__(self, client_no_takeover, client_bits, server_no_takeover, server_bits):
        self.client_no_takeover, self.server_no_takeover = client_no_takeover, server_no_takeover
        self.client_bits, self.server_bits = client_bits, server_bits
        self.compressor = self.decompressor = None

    def compress(self, payload, level=6, flush=zlib.Z_SYNC_FLUSH):
        if self.compressor is None or self.client_no_takeover:
            # zlib writes no window of 8 bits; with 9 its distances stay below 256 all the same.
            self.compressor = zlib.compressobj(level, zlib.DEFLATED, -max(self.client_bits, 9))
        data = self.compressor.compress(payload) + self.compressor.flush(flush)
        return data[:-4] if data.endswith(DEFLATE_TAIL) else data

    def decompress(self, payload):
        if self.decompressor is None or self.server_no_takeover:
            # The agreed window, not 15: a server that looks back further fails here.
            self.decompressor = zlib.decompressobj(-self.server_bits)
        try:
            return self.decompressor.decompress(payload + DEFLATE_TAIL)
        except zlib.error as error:
            raise Violation(f"the server's compressed message does not inflate: {error}") from error


class Connection:
    """A client connection after a successful opening handshake."""

    def __init__(self, sock, buffered, extensions):
        self.sock, self.buffer, self.extensions = sock, bytearray(buffered), extensions
        self.deflate = deflate_of(extensions)
        self.eof = False

    # ---- sending

    def send_raw(self, data):
        """Sends octets as they are. A server that has hung up is noticed when we read, not here."""
        try:
            self.sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def send_chopped(self, data, size=1):
        """One segment for each `size` octets: the decoder must resume anywhere."""
        for piece in chop(data, size):
            self.send_raw(piece)

    def send_frame(self, opcode, payload=b"", **options):
        self.send_raw(frame(opcode, payload, **options))

    # ---- receiving

    def expect_message(self, opcode, payload):
        """The next message is exactly this one; it may come in several frames."""
        first = self._next_frame()
        if first.opcode != opcode:
            raise Violation(f"wanted a message of opcode {opcode}, got a {first}")
        body = bytearray(first.payload)
        last = first
        while not last.fin:
            last = self._next_frame()
            if last.opcode != CONTINUATION:
                raise Violation(f"wanted a continuation, got a {last}")
            body += last.payload
        data = bytes(body)
        if first.rsv & RSV1:
            if self.deflate is None:
                raise Violation("a compressed message without permessage-deflate")
            data = self.deflate.decompress(data)
        if data != payload:
            raise Violation(
                f"the echo differs: {len(data)} octets {data[:24]!r}, "
                f"sent {len(payload)} {payload[:24]!r}"
            )
        return bool(first.rsv & RSV1)

    def expect_control(self, opcode, payload=b""):
        got = self._next_frame()
        if got.opcode != opcode or got.payload != payload:
            raise Violation(f"wanted control opcode {opcode} with {payload[:24]!r}, got a {got}")

    def expect_failure(self, *codes):
        """The server fails the connection with one of `codes`, sends nothing else, and ends TCP."""
        code, _ = self._expect_close_frame()
        if code not in codes:
            raise Violation(f"closed with {code}, wanted {' or '.join(map(str, codes))}")
        self.send_frame(CLOSE, struct.pack(">H", code) if code else b"")
        self._expect_eof()

    def expect_drop(self):
        """The server ends TCP, with or without a Close frame."""
        try:
            self._expect_close_frame()
            self.send_frame(CLOSE, b"")
        except EOFError:
            return
        self._expect_eof()

    def close_cleanly(self, code=1000, reason=b""):
        """Our Close is answered with the same code, and the server ends TCP first (§7.1.1)."""
        body = b"" if code is None else struct.pack(">H", code) + reason
        self.send_frame(CLOSE, body)
        self.expect_close_answer(code)

    def expect_close_answer(self, code):
        answered, _ = self._expect_close_frame()
        # §5.5.1: a server typically echoes the code; others send a bare Close or 1000.
        if answered not in (code, None, 1000):
            raise Violation(f"Close {code} was answered with {answered}")
        self._expect_eof()

    def expect_silence_then_echo(self, marker=b"still here"):
        """Nothing was answered before this text: its echo is the very next frame."""
        self.send_frame(TEXT, marker)
        self.expect_message(TEXT, marker)

    def drop(self):
        self.sock.close()

    # ---- inside

    def _expect_close_frame(self):
        got = self._next_frame()
        if got.opcode != CLOSE:
            raise Violation(f"wanted a Close, got a {got}")
        if not got.payload:
            return None, b""
        if len(got.payload) == 1:
            raise Violation("a Close frame with one octet")
        got.payload[2:].decode("utf-8")
        return struct.unpack(">H", got.payload[:2])[0], got.payload[2:]

    def _expect_eof(self):
        if self.buffer:
            raise Violation(f"octets after the Close frame: {bytes(self.buffer[:16])!r}")
        if not self.eof and self._receive():
            raise Violation(f"octets after the Close frame: {bytes(self.buffer[:16])!r}")

    def _receive(self):
        try:
            data = self.sock.recv(1 << 18)
        except ConnectionResetError:
            data = b""
        except socket.timeout:
            raise Violation("the server neither answered nor closed in time") from None
        self.eof = not data
        self.buffer += data
        return len(data)

    def _need(self, count):
        while len(self.buffer) < count:
            if self.eof or not self._receive():
                raise EOFError

    def _next_frame(self):
        self._need(2)
        fin, rsv, opcode = bool(self.buffer[0] & 0x80), self.buffer[0] & 0x70, self.buffer[0] & 0x0F
        length, head = self.buffer[1] & 0x7F, 2
        if self.buffer[1] & 0x80:
            raise Violation("the server masked a frame (§5.1)")
        if length == 126:
            self._need(4)
            length, head = struct.unpack_from(">H", self.buffer, 2)[0], 4
            if length < 126:
                raise Violation("length not minimal (§5.2)")
        elif length == 127:
            self._need(10)
            length, head = struct.unpack_from(">Q", self.buffer, 2)[0], 10
            if length < 65536 or length >> 63:
                raise Violation("length not minimal or negative (§5.2)")
        if rsv & ~(RSV1 if self.deflate and opcode in (TEXT, BINARY) else 0):
            raise Violation(f"reserved bits {rsv:#x} without an extension for them")
        if opcode >= 8 and (not fin or length > 125):
            raise Violation("a fragmented or long control frame (§5.5)")
        self._need(head + length)
        payload = bytes(self.buffer[head : head + length])
        del self.buffer[: head + length]
        return Inbound(opcode, fin, rsv, payload)


class Target:
    """The server under test, by URL."""

    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        self.tls = None
        if parts.scheme == "wss":
            self.tls = ssl.create_default_context()
            self.tls.check_hostname = False
            self.tls.verify_mode = ssl.CERT_NONE  # a test's certificate; trust isn't what is tested
        self.host, self.port = parts.hostname, parts.port or (443 if self.tls else 80)
        self.resource = parts.path or "/"
        if parts.query:
            self.resource += "?" + parts.query

    def dial(self):
        sock = socket.create_connection((self.host, self.port), TIMEOUT_SECONDS)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.tls.wrap_socket(sock) if self.tls else sock

    def request(self, overrides=None, extensions=None, line=None):
        """The opening handshake as text; None leaves a header out, a list repeats it."""
        key = base64.b64encode(os.urandom(16)).decode()
        headers = {
            "Host": f"{self.host}:{self.port}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": key,
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Extensions": extensions,
        }
        headers.update(overrides or {})
        text = (line or f"GET {self.resource} HTTP/1.1") + "\r\n"
        for name, values in headers.items():
            for value in values if isinstance(values, list) else [values]:
                if value is not None:
                    text += f"{name}: {value}\r\n"
        return (text + "\r\n").encode("latin-1"), headers["Sec-WebSocket-Key"]

    def handshake(self, request, sock=None):
        """Sends `request` and reads the head: (status, headers, octets after it, socket)."""
        sock = sock or self.dial()
        sock.sendall(request)
        data = b""
        while b"\r\n\r\n" not in data:
            try:
                more = sock.recv(65536)
            except ConnectionResetError:
                more = b""
            if not more:
                return 0, {}, data, sock
            data += more
        head, rest = data.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers.setdefault(name.strip().lower(), []).append(value.strip())
        return int(lines[0].split(" ")[1]), headers, rest, sock

    def connect(self, extensions=None, overrides=None):
        request, key = self.request(overrides, extensions)
        status, headers, rest, sock = self.handshake(request)
        if status != 101:
            raise Violation(f"the opening handshake was answered with {status}")
        check_accept(headers, key)
        agreed = ", ".join(headers.get("sec-websocket-extensions", []))
        if agreed and not extensions:
            raise Violation(f"an extension that nobody offered: {agreed}")
        return Connection(sock, rest, agreed)


def check_accept(headers, key):
    """RFC 6455 §4.1: what a client must find in the 101."""
    guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    wanted = base64.b64encode(hashlib.sha1((key + guid).encode()).digest()).decode()
    if headers.get("sec-websocket-accept") != [wanted]:
        raise Violation(
            f"Sec-WebSocket-Accept is {headers.get('sec-websocket-accept')}, wanted {wanted}"
        )
    if headers.get("upgrade", [""])[0].lower() != "websocket":
        raise Violation("no 'Upgrade: websocket' in the 101")
    if headers.get("connection", [""])[0].lower() != "upgrade":
        raise Violation("no 'Connection: Upgrade' in the 101")


def parameters_of(extension):
    """'permessage-deflate; a; b=1' -> ('permessage-deflate', {'a': None, 'b': '1'})"""
    name, *rest = [part.strip() for part in extension.split(";")]
    found = {}
    for part in rest:
        key, equals, value = part.partition("=")
        if key.strip() in found:
            raise Violation(f"the server repeats {key}")
        found[key.strip()] = value.strip().strip('"') if equals else None
    return name, found


def deflate_of(agreed):
    """What the server's answer describes, or None; refuses what no client may accept."""
    if not agreed:
        return None
    name, found = parameters_of(agreed)
    known = {
        "server_no_context_takeover",
        "client_no_context_takeover",
        "server_max_window_bits",
        "client_max_window_bits",
    }
    if name != "permessage-deflate" or "," in agreed or set(found) - known:
        raise Violation(f"not an acceptable answer to our offer: {agreed}")
    bits = {}
    for side in ("server", "client"):
        text = found.get(f"{side}_max_window_bits", "15")
        if text is None or not text.isdigit() or text != str(int(text)) or not 8 <= int(text) <= 15:
            raise Violation(f"bad {side}_max_window_bits in {agreed}")
        bits[side] = int(text)
    return Deflate(
        "client_no_context_takeover" in found,
        bits["client"],
        "server_no_context_takeover" in found,
        bits["server"],
    )
