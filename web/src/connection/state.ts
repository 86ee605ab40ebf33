// The state of one connection, as a union, and what moves it. The socket is elsewhere (feed.ts).
//
//   connecting --> live <--> polling          connected; the second over HTTP only
//        |          |
//        +------> reconnecting --> live       lost, and being tried again
//                   |
//                 offline                     the browser has no network, or the server refused

export type Connection =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  | { readonly kind: "polling" }
  | { readonly kind: "reconnecting"; readonly attempt: number; readonly cause: string }
  | { readonly kind: "offline"; readonly cause: "network" }
  | { readonly kind: "offline"; readonly cause: "refused"; readonly message: string };

export type Signal =
  | { readonly type: "connected"; readonly transport: string }
  | { readonly type: "transport_changed"; readonly transport: string }
  | { readonly type: "lost"; readonly cause: string }
  | { readonly type: "attempt"; readonly attempt: number }
  | { readonly type: "refused"; readonly message: string }
  | { readonly type: "network_lost" }
  | { readonly type: "network_back" }
  | { readonly type: "retry" };

export const CONNECTING: Connection = { kind: "connecting" };

/** The state after a signal; the same object when nothing changes. */
export function next(state: Connection, signal: Signal): Connection {
  switch (signal.type) {
    case "connected":
      return connectedOver(signal.transport);
    case "transport_changed":
      return isConnected(state) ? connectedOver(signal.transport) : state;
    case "lost":
      return lost(state, signal.cause);
    case "attempt":
      return state.kind === "reconnecting" ? { ...state, attempt: signal.attempt } : state;
    case "refused":
      return { kind: "offline", cause: "refused", message: signal.message };
    case "network_lost":
      return { kind: "offline", cause: "network" };
    case "network_back":
      return state.kind === "offline" && state.cause === "network"
        ? { kind: "reconnecting", attempt: 0, cause: "The network is back" }
        : state;
    case "retry":
      return state.kind === "offline" ? CONNECTING : state;
  }
}

export function isConnected(state: Connection): boolean {
  return state.kind === "live" || state.kind === "polling";
}

/** What the indicator says: a short label, and a sentence that explains it. */
export function describe(state: Connection): { label: string; detail: string } {
  switch (state.kind) {
    case "connecting":
      return { label: "Connecting", detail: "The first connection is being made." };
    case "live":
      return { label: "Live", detail: "Figures arrive as they change, over a WebSocket." };
    case "polling":
      return {
        label: "Polling fallback",
        detail: "WebSocket is blocked on this network; figures arrive by HTTP long polling.",
      };
    case "reconnecting": {
      const attempt = state.attempt > 0 ? ` Attempt ${state.attempt}.` : "";
      return { label: "Reconnecting", detail: `${state.cause}. Figures may be old.${attempt}` };
    }
    case "offline":
      return state.cause === "network"
        ? { label: "Offline", detail: "This browser has no network. Figures are old." }
        : { label: "Offline", detail: `The server refused: ${state.message}` };
  }
}

function connectedOver(transport: string): Connection {
  return transport === "polling" ? { kind: "polling" } : { kind: "live" };
}

function lost(state: Connection, cause: string): Connection {
  if (state.kind === "offline") return state; // it has its own, better reason
  const attempt = state.kind === "reconnecting" ? state.attempt : 0;
  return { kind: "reconnecting", attempt, cause };
}
