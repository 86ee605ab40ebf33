"""W7, TLS: wss:// against ws://, with the handshakes, and with sessions resumed as a browser's reconnect does."""
from driver import figures
from driver.workloads import variant


class Tls(variant.Variant):
    ROWS = (*variant.Variant.ROWS,
            ("connects/s when all come back", "back", "per_second", figures.short),
            ("share of their handshakes that were resumed", "back", "resumed_share", figures.two_places))

    def extra(self, session, record, name, step):
        session.drain()
        answer = session.load.ask(f"reconnect {session.setting.connections}")
        record(f"{name}-back", {"per_second": answer["per_second"],
                                "resumed_share": resumed_share(session.set_up.get("tls"), answer.get("tls"))},
               answer, disturbed=False)


def resumed_share(before, after):
    """Of the handshakes since `before`; both count from the generator's start. None without TLS."""
    if not after or after["handshakes"] == before["handshakes"]:
        return None
    return (after["resumed"] - before["resumed"]) / (after["handshakes"] - before["handshakes"])


WORKLOAD = Tls("W7", "TLS", "with TLS", {"tls": True})
