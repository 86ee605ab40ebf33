"""Groups 11 and 14: the opening handshake (RFC 6455 §4), the negotiation (RFC 7692 §5, §7.1)."""

from wire import TEXT, Connection, Violation, check_accept, deflate_of, frame, parameters_of

DEFLATE = "permessage-deflate"


def add_cases(cases):
    add_accepted(cases)
    add_refused(cases)
    add_accepted_offers(cases)
    add_declined_offers(cases)


def accepted(cases, sentence, overrides=None, line=None, send=None):
    def run(target):
        request, key = target.request(overrides, line=line)
        sock = target.dial()
        if send:
            *first, request = send(request)
            for piece in first:
                sock.sendall(piece)
        status, headers, rest, sock = target.handshake(request, sock)
        connection = Connection(sock, rest, "")
        try:
            if status != 101:
                raise Violation(f"answered with {status}")
            check_accept(headers, key)
            connection.expect_silence_then_echo()
            connection.close_cleanly()
        finally:
            connection.drop()

    cases.add("11.1", sentence, run)


def add_accepted(cases):
    accepted(cases, "a plain handshake is accepted, Sec-WebSocket-Accept is right")
    accepted(
        cases,
        "header names and the token 'websocket' have no case",
        {"Upgrade": None, "UPGRADE": "WebSocket", "Connection": None, "connection": "upgrade"},
    )
    accepted(
        cases,
        "'Connection: keep-alive, Upgrade' is accepted",
        {"Connection": "keep-alive, Upgrade"},
    )
    accepted(
        cases,
        "the sample key of RFC 6455 §1.3 is accepted",
        {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="},
    )
    accepted(
        cases, "space around header values is not part of them", {"Sec-WebSocket-Version": "  13  "}
    )
    accepted(cases, "unknown headers are ignored", {"X-Unknown": "\xe9\x80", "DNT": "1"})
    accepted(
        cases,
        "fifty headers are accepted",
        {f"X-Header-{number}": "value" * 10 for number in range(50)},
    )
    accepted(
        cases,
        "a handshake of one octet a segment is accepted",
        send=lambda request: [bytes((octet,)) for octet in request],
    )

    def early_frame(target):
        request, _ = target.request()
        status, _, rest, sock = target.handshake(request + frame(TEXT, b"early"))
        connection = Connection(sock, rest, "")
        if status != 101:
            raise Violation(f"answered with {status}")
        connection.expect_message(TEXT, b"early")
        connection.close_cleanly()
        connection.drop()

    cases.add("11.1", "a frame in the same segment as the handshake is answered", early_frame)


def refused(cases, sentence, overrides=None, line=None, statuses=(400,), edit=None):
    def run(target):
        request, _ = target.request(overrides, line=line)
        status, headers, _, sock = target.handshake(edit(request) if edit else request)
        sock.close()
        if status not in statuses:
            raise Violation(
                f"answered with {status or 'a hang-up'}, wanted {' or '.join(map(str, statuses))}"
            )
        if "upgrade" in headers and status == 101:
            raise Violation("upgraded")
        if status == 426 and "13" not in ",".join(headers.get("sec-websocket-version", [])):
            raise Violation("426 does not name the version that is spoken (§4.4)")

    cases.add("11.2", sentence, run)


def add_refused(cases):
    key, version = "Sec-WebSocket-Key", "Sec-WebSocket-Version"
    refused(cases, "no key: 400", {key: None})
    refused(cases, "an empty key: 400", {key: ""})
    refused(cases, "a key of 15 octets: 400", {key: "MTIzNDU2Nzg5MDEyMzQ1"})
    refused(cases, "a key of 17 octets: 400", {key: "MTIzNDU2Nzg5MDEyMzQ1Njc="})
    refused(cases, "a key that is not base64: 400", {key: "!!!!!!!!!!!!!!!!!!!!!!=="})
    refused(cases, "two keys: 400", {key: ["dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZR=="]})
    for wrong in (None, "12", "8", "14", "0", "13, 14", "abc"):
        refused(cases, f"version {wrong}: 426 or 400", {version: wrong}, statuses=(426, 400))
    refused(cases, "POST: 400 or 405", line="POST /echo HTTP/1.1", statuses=(400, 405))
    refused(cases, "HTTP/1.0: not upgraded", line="GET /echo HTTP/1.0", statuses=(400, 426, 505))
    refused(cases, "HTTP/2.0 in text: refused", line="GET /echo HTTP/2.0", statuses=(400, 505))
    refused(cases, "no HTTP version: 400", line="GET /echo")
    refused(cases, "no Host: 400", {"Host": None})
    refused(cases, "two Hosts: 400", {"Host": ["one.example", "two.example"]})
    refused(cases, "no Upgrade: not upgraded", {"Upgrade": None}, statuses=(400, 404, 426))
    refused(
        cases,
        "Upgrade to something else: not upgraded",
        {"Upgrade": "h2c"},
        statuses=(400, 404, 426),
    )
    refused(
        cases,
        "no 'Connection: Upgrade': not upgraded",
        {"Connection": "keep-alive"},
        statuses=(400, 404, 426),
    )
    refused(
        cases,
        "Content-Length with Transfer-Encoding: 400",
        {"Content-Length": "5", "Transfer-Encoding": "chunked"},
    )
    refused(cases, "two Content-Lengths: 400", {"Content-Length": ["5", "6"]})
    refused(
        cases,
        "a space before the colon: 400",
        edit=lambda r: r.replace(b"Upgrade:", b"Upgrade :", 1),
    )
    refused(
        cases,
        "a folded header: 400",
        edit=lambda r: r.replace(b"\r\n\r\n", b"\r\nX-Folded: a\r\n b\r\n\r\n"),
    )
    refused(
        cases,
        "a header without a colon: 400",
        edit=lambda r: r.replace(b"\r\n\r\n", b"\r\nNoColon\r\n\r\n"),
    )
    refused(
        cases,
        "a NUL in a header: 400",
        edit=lambda r: r.replace(b"\r\n\r\n", b"\r\nX-Nul: a\x00b\r\n\r\n"),
    )
    refused(
        cases,
        "a bare CR in a header: 400",
        edit=lambda r: r.replace(b"\r\n\r\n", b"\r\nX-Cr: a\rb\r\n\r\n"),
    )
    refused(
        cases, "a header of 100 kB: 431 or 400", {"X-Long": "a" * 100_000}, statuses=(431, 400, 413)
    )
    refused(
        cases,
        "5000 headers: 431 or 400",
        {f"X-{number}": "1" for number in range(5000)},
        statuses=(431, 400, 413),
    )


def add_accepted_offers(cases):
    offers = (
        (DEFLATE, "none"),
        (f"{DEFLATE}; client_max_window_bits", "a hint"),
        (f"{DEFLATE}; client_no_context_takeover", "client_no_context_takeover"),
        (
            f"{DEFLATE}; server_no_context_takeover; client_no_context_takeover",
            "both takeovers off",
        ),
        (f'{DEFLATE}; server_max_window_bits="10"', "a quoted value"),
        (f"{DEFLATE};server_max_window_bits=12;client_max_window_bits=12", "no spaces"),
        (f"x-unknown, {DEFLATE}", "an unknown extension first"),
        (f'x-unknown; a=b; c="d", {DEFLATE}', "an unknown extension with a quoted parameter first"),
        (f"{DEFLATE}; server_max_window_bits=16, {DEFLATE}", "a bad alternative first"),
        (
            f"{DEFLATE}; unknown_parameter, {DEFLATE}; server_no_context_takeover",
            "an unknown parameter in the first alternative",
        ),
    )
    for offer, name in offers:

        def run(target, offer=offer):
            connection = target.connect(offer)
            try:
                check_answer(offer, connection.extensions)
                payload = b"negotiated " * 100
                connection.send_frame(TEXT, connection.deflate.compress(payload), rsv=0x40)
                connection.expect_message(TEXT, payload)
                connection.close_cleanly()
            finally:
                connection.drop()

        cases.add("14.1", f"an offer with {name} is accepted, and the answer keeps to it", run)

    def two_headers(target):
        connection = target.connect(
            overrides={"Sec-WebSocket-Extensions": ["x-unknown", DEFLATE]}, extensions=DEFLATE
        )
        connection.drop()
        if connection.deflate is None:
            raise Violation("the second header line was not read (§9.1)")

    cases.add("14.1", "an offer split over two header lines is one list", two_headers)


def check_answer(offer, agreed):
    """RFC 7692 §7.1: what an answer must and must not contain, given the offers."""
    if deflate_of(agreed) is None:
        raise Violation("permessage-deflate was not accepted")
    _, answer = parameters_of(agreed)
    fitting = []
    for alternative in offer.split(", "):
        if not alternative.startswith(DEFLATE):
            continue
        _, asked = parameters_of(alternative)
        bits = int(asked.get("server_max_window_bits") or 15)
        fitting.append(
            ("server_no_context_takeover" not in asked or "server_no_context_takeover" in answer)
            and (bits == 15 or int(answer.get("server_max_window_bits", 15)) <= bits)
            and ("client_max_window_bits" not in answer or "client_max_window_bits" in asked)
        )
    if not any(fitting):
        raise Violation(f"the answer '{agreed}' fits none of the offers '{offer}'")


def add_declined_offers(cases):
    offers = (
        "x-unknown",
        "x-webkit-deflate-frame",
        f"{DEFLATE}; unknown_parameter",
        f"{DEFLATE}; unknown_parameter=1",
        f"{DEFLATE}; server_max_window_bits",
        f"{DEFLATE}; server_max_window_bits=7",
        f"{DEFLATE}; server_max_window_bits=16",
        f"{DEFLATE}; server_max_window_bits=010",
        f"{DEFLATE}; server_max_window_bits=abc",
        f"{DEFLATE}; client_max_window_bits=7",
        f"{DEFLATE}; client_max_window_bits=16",
        f"{DEFLATE}; client_no_context_takeover=1",
        f"{DEFLATE}; server_no_context_takeover=true",
        f"{DEFLATE}; server_no_context_takeover; server_no_context_takeover",
        f"{DEFLATE}; server_max_window_bits=10; server_max_window_bits=11",
    )
    for offer in offers:

        def run(target, offer=offer):
            connection = target.connect(offer)
            try:
                if connection.extensions:
                    raise Violation(f"accepted as '{connection.extensions}'")
                connection.expect_silence_then_echo()
                connection.close_cleanly()
            finally:
                connection.drop()

        cases.add("14.2", f"the offer '{offer}' is declined, the connection goes on without", run)

    for header in (
        f"{DEFLATE};",
        f"{DEFLATE};;client_no_context_takeover",
        "; client_no_context_takeover",
        f'{DEFLATE}; a="unterminated',
    ):

        def malformed(target, header=header):
            request, _ = target.request(extensions=header)
            status, headers, _, sock = target.handshake(request)
            sock.close()
            if status != 400 and (status != 101 or "sec-websocket-extensions" in headers):
                raise Violation(f"answered {status} {headers.get('sec-websocket-extensions')}")

        cases.add("14.3", f"the malformed header '{header}' is refused or ignored", malformed)
