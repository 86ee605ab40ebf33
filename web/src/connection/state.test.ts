import { describe as group, expect, it } from "vitest";
import { CONNECTING, describe, isConnected, next, type Connection, type Signal } from "./state";

function after(...signals: Signal[]): Connection {
  return signals.reduce(next, CONNECTING);
}

const CONNECTED: Signal = { type: "connected", transport: "websocket" };
const LOST: Signal = { type: "lost", cause: "transport close" };

group("connecting", () => {
  it("is live over a WebSocket", () => expect(after(CONNECTED)).toEqual({ kind: "live" }));

  it("says so when only polling works, and follows the upgrade", () => {
    const polling = after({ type: "connected", transport: "polling" });
    expect(polling).toEqual({ kind: "polling" });
    expect(isConnected(polling)).toBe(true);
    expect(next(polling, { type: "transport_changed", transport: "websocket" }).kind).toBe("live");
  });

  it("ignores a transport that changes before the connection stands", () => {
    expect(after({ type: "transport_changed", transport: "polling" })).toBe(CONNECTING);
  });
});

group("losing the connection", () => {
  it("counts attempts until it is live again", () => {
    const trying = after(CONNECTED, LOST, { type: "attempt", attempt: 3 });
    expect(trying).toEqual({ kind: "reconnecting", attempt: 3, cause: "transport close" });
    expect(next(trying, LOST)).toMatchObject({ attempt: 3 });
    expect(next(trying, CONNECTED)).toEqual({ kind: "live" });
  });

  it("does not count attempts of a connection that stands", () => {
    expect(after(CONNECTED, { type: "attempt", attempt: 1 })).toEqual({ kind: "live" });
  });

  it("shows the missing network rather than the lost connection", () => {
    const offline = after(CONNECTED, { type: "network_lost" }, LOST);
    expect(offline).toEqual({ kind: "offline", cause: "network" });
    expect(next(offline, { type: "network_back" }).kind).toBe("reconnecting");
  });
});

group("a refusal", () => {
  const refused = after({ type: "refused", message: "token expired" });

  it("stays until somebody tries again", () => {
    expect(refused.kind).toBe("offline");
    expect(next(refused, LOST)).toBe(refused);
    expect(next(refused, { type: "network_back" })).toBe(refused);
    expect(next(refused, { type: "retry" })).toBe(CONNECTING);
  });

  it("tells its reason", () => expect(describe(refused).detail).toContain("token expired"));
});

group("the indicator", () => {
  it("has a label and a sentence for every state", () => {
    const states: Connection[] = [
      CONNECTING,
      after(CONNECTED),
      after({ type: "connected", transport: "polling" }),
      after(LOST),
      after({ type: "network_lost" }),
      after({ type: "refused", message: "no" }),
    ];
    const labels = states.map((state) => describe(state).label);
    expect(labels).toEqual([
      "Connecting",
      "Live",
      "Polling fallback",
      "Reconnecting",
      "Offline",
      "Offline",
    ]);
    expect(new Set(states.map((state) => describe(state).detail)).size).toBe(states.length);
  });

  it("does not offer to retry a connection that stands", () => {
    expect(after(CONNECTED, { type: "retry" })).toEqual({ kind: "live" });
  });
});
