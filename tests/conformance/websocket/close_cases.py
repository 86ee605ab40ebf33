"""Group 7: the closing handshake (RFC 6455 §5.5.1, §7)."""

import struct

from wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Violation, frame

ALLOWED = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)
FORBIDDEN = (0, 1, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 32768, 65535)


def add_cases(cases):
    add_sequences(cases)
    add_codes(cases)
    add_reasons(cases)
    add_dropped(cases)


def add_sequences(cases):
    def echo_then_close(c):
        c.send_frame(TEXT, b"Hello World!")
        c.expect_message(TEXT, b"Hello World!")

    cases.add_echo("7.1", "a message, then Close: echoed, closed", echo_then_close)

    def two_closes(c):
        c.send_raw(frame(CLOSE, b"\x03\xe8") * 2)
        c.expect_close_answer(1000)

    cases.add_script("7.1", "a second Close is ignored", two_closes)

    for opcode, name in ((PING, "ping"), (TEXT, "text"), (BINARY, "binary"), (PONG, "pong")):

        def after_close(c, opcode=opcode):
            c.send_raw(frame(CLOSE, b"\x03\xe8") + frame(opcode, b"too late"))
            c.expect_close_answer(1000)

        cases.add_script("7.1", f"a {name} after Close is not answered (§5.5.1)", after_close)

    def inside_message(c):
        c.send_frame(TEXT, b"fragment1", fin=False)
        c.send_raw(frame(CLOSE, b"\x03\xe8") + frame(CONTINUATION, b"fragment2"))
        c.expect_close_answer(1000)

    cases.add_script(
        "7.1", "Close inside a fragmented message closes; the rest is not echoed", inside_message
    )

    def large_then_close(c):
        payload = b"*" * (256 << 10)
        c.send_raw(frame(TEXT, payload) + frame(CLOSE, b"\x03\xe8"))
        c.expect_message(TEXT, payload)
        c.expect_close_answer(1000)

    cases.add_script(
        "7.1", "the echo of 256 KiB is flushed before Close is answered", large_then_close
    )

    def ping_then_close(c):
        c.send_raw(frame(PING, b"last") + frame(CLOSE, b"\x03\xe8"))
        c.expect_control(PONG, b"last")
        c.expect_close_answer(1000)

    cases.add_script("7.1", "a ping right before Close is still answered", ping_then_close)

    def octet_wise(c):
        c.send_chopped(frame(CLOSE, b"\x03\xe8bye"))
        c.expect_close_answer(1000)

    cases.add_script("7.1", "Close, one octet a segment, is answered", octet_wise)


def add_codes(cases):
    cases.add_script(
        "7.2", "Close without a payload is answered", lambda c: c.close_cleanly(code=None)
    )

    def one_octet(c):
        c.send_frame(CLOSE, b"\x03")
        c.expect_failure(1002)

    cases.add_script("7.2", "Close with one octet fails the connection", one_octet)
    for code in ALLOWED:
        cases.add_script(
            "7.3", f"Close {code} is answered", lambda c, code=code: c.close_cleanly(code)
        )
    for code in FORBIDDEN:
        for reason in (b"", b"reason"):

            def refused(c, code=code, reason=reason):
                c.send_frame(CLOSE, struct.pack(">H", code) + reason)
                c.expect_failure(1002)

            with_reason = " with a reason" if reason else ""
            cases.add_script(
                "7.4", f"Close {code}{with_reason} is answered with 1002 (§7.4)", refused
            )


def add_reasons(cases):
    longest = b"*" * 123
    for name, reason in (
        ("a short reason", b"Hello World!"),
        ("a reason of 123 octets", longest),
        ("a reason in Greek", "κόσμε".encode()),
    ):
        cases.add_script(
            "7.5",
            f"Close with {name} is answered",
            lambda c, reason=reason: c.close_cleanly(1000, reason),
        )

    def too_long(c):
        c.send_frame(CLOSE, b"\x03\xe8" + longest + b"*")
        c.expect_failure(1002)

    cases.add_script("7.5", "Close of 126 octets fails the connection", too_long)
    bad = (
        b"\xff",
        b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited",
        b"cut \xe2\x82",
        b"\xc0\xaf",
        b"\xf4\x90\x80\x80",
    )
    for reason in bad:

        def refused(c, reason=reason):
            c.send_frame(CLOSE, b"\x03\xe8" + reason)
            c.expect_failure(1007)

        cases.add_script(
            "7.6", f"Close with the ill-formed reason {reason.hex()} is answered with 1007", refused
        )


def add_dropped(cases):
    def dropped(script, name):
        def run(target):
            connection = target.connect()
            script(connection)
            connection.drop()
            canary = target.connect()
            try:
                canary.expect_silence_then_echo()
                canary.close_cleanly()
            except EOFError as error:
                raise Violation("the server serves nobody any more") from error
            finally:
                canary.drop()

        cases.add("7.7", f"a client that hangs up {name} harms nobody else", run)

    dropped(lambda c: None, "after the handshake")
    dropped(lambda c: c.send_raw(frame(TEXT, b"*" * 1000)[:500]), "inside a frame")
    dropped(lambda c: c.send_frame(TEXT, b"fragment", fin=False), "inside a message")
    dropped(lambda c: c.send_raw(frame(BINARY, b"*" * (1 << 20))), "without reading a large echo")
    dropped(lambda c: c.send_frame(CLOSE, b"\x03\xe8"), "right after its Close")
