// One challenge's live feed: a stock Socket.IO client, its room, and the signals for the indicator.
//
// The client reconnects by itself when a transport is lost. It does not when the server ended the
// socket or refused it; then this class decides, by the code that the refusal carries.

import { io, type Socket } from "socket.io-client";
import { Refused } from "../backend";
import { Backoff } from "../backoff";
import type { Message } from "../challenge/state";
import type { ClientEvents, ServerEvents } from "../events";
import { mayRetry, type Refusal } from "./refusal";
import type { Signal } from "./state";

export interface FeedHandlers {
  onSignal(signal: Signal): void;
  onMessage(message: Message): void;
  /** What is shown may have gaps: a new session, or the server could not replay everything. */
  onGap(): void;
}

export interface FeedOptions {
  challengeId: string;
  /** Fetched anew for every connect, so that a reconnect never presents an expired token. */
  token: () => Promise<string>;
}

export class Feed {
  readonly #socket: Socket<ServerEvents, ClientEvents>;
  readonly #options: FeedOptions;
  readonly #handlers: FeedHandlers;
  readonly #backoff = new Backoff();
  readonly #listening = new AbortController();
  #mayHaveGap = true;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: FeedOptions, handlers: FeedHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.#socket = io({
      autoConnect: false,
      forceNew: true, // one connection and one token for each panel, also within one page
      transports: ["websocket", "polling"],
      tryAllTransports: true, // polling when a WebSocket cannot be opened
      reconnectionDelay: 1_000,
      reconnectionDelayMax: 30_000,
      timeout: 20_000,
      auth: (provide) => void this.#authenticate(provide),
    });
    this.#listen();
  }

  start(): void {
    if (!navigator.onLine) this.#handlers.onSignal({ type: "network_lost" });
    this.#socket.connect();
  }

  /** Tries again at once: after a refusal, or when the network is back. */
  retry(): void {
    clearTimeout(this.#retryTimer);
    this.#handlers.onSignal({ type: "retry" });
    this.#socket.disconnect().connect();
  }

  stop(): void {
    clearTimeout(this.#retryTimer);
    this.#listening.abort();
    this.#socket.off();
    this.#socket.io.off();
    this.#socket.disconnect();
  }

  #listen(): void {
    const { onMessage, onSignal, onGap } = this.#handlers;
    const socket = this.#socket;
    socket.on("connect", () => this.#connected());
    socket.on("connect_error", (error) => this.#failed(error));
    socket.on("disconnect", (reason) => this.#disconnected(reason));
    socket.io.on("reconnect_attempt", (attempt) => onSignal({ type: "attempt", attempt }));

    socket.on("equity_updated", (event) => onMessage({ type: "equity", event }));
    socket.on("challenge_status_changed", (event) => onMessage({ type: "status", event }));
    socket.on("risk_alert", (event) => onMessage({ type: "alert", event }));
    socket.on("joined_challenge", () => this.#joined());
    socket.on("resync_required", () => onGap());
    socket.on("error", (refusal) => this.#denied(refusal));

    const { signal } = this.#listening;
    window.addEventListener("offline", () => onSignal({ type: "network_lost" }), { signal });
    window.addEventListener("online", () => this.#networkBack(), { signal });
  }

  #connected(): void {
    clearTimeout(this.#retryTimer);
    this.#socket.io.engine.on("upgrade", (transport: { name: string }) =>
      this.#handlers.onSignal({ type: "transport_changed", transport: transport.name }),
    );
    this.#mayHaveGap = !this.#socket.recovered;
    this.#join();
  }

  /** Also after a recovery: a join is idempotent, and always answered. */
  #join(): void {
    this.#socket.emit("join_challenge", { challenge_id: this.#options.challengeId });
  }

  /** Only now does every further event arrive: live means watching, not merely connected. */
  #joined(): void {
    const transport = this.#socket.io.engine.transport.name;
    this.#handlers.onSignal({ type: "connected", transport });
    if (this.#mayHaveGap) this.#handlers.onGap();
    this.#mayHaveGap = false;
    this.#backoff.succeeded();
  }

  #denied(refusal: Refusal): void {
    if (!mayRetry(refusal)) {
      this.#socket.disconnect();
      this.#handlers.onSignal({ type: "refused", message: refusal.message });
      return;
    }
    this.#handlers.onSignal({ type: "lost", cause: `Not watching yet: ${refusal.message}` });
    this.#mayHaveGap = true;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => this.#join(), this.#backoff.nextPause());
  }

  #failed(error: Error & { data?: Omit<Refusal, "message"> }): void {
    if (this.#socket.active) {
      // The transport failed; the client tries again by itself.
      this.#handlers.onSignal({ type: "lost", cause: "The server cannot be reached" });
    } else if (mayRetry(error.data)) {
      this.#retryLater(`The server is not ready: ${error.message}`);
    } else {
      this.#handlers.onSignal({ type: "refused", message: error.message });
    }
  }

  #disconnected(reason: Socket.DisconnectReason): void {
    if (reason === "io client disconnect") return;
    clearTimeout(this.#retryTimer);
    if (this.#socket.active) {
      this.#handlers.onSignal({ type: "lost", cause: "The connection was lost" });
    } else {
      this.#retryLater("The server ended the session"); // its token ended, or it is restarting
    }
  }

  async #authenticate(provide: (auth: { token: string }) => void): Promise<void> {
    try {
      provide({ token: await this.#options.token() });
    } catch (error) {
      // Without a token there is nothing to say to the server; it would only time out.
      this.#socket.disconnect();
      if (error instanceof Refused) {
        this.#handlers.onSignal({ type: "refused", message: error.message });
      } else {
        this.#retryLater("The back end gives no token");
      }
    }
  }

  #retryLater(cause: string): void {
    this.#handlers.onSignal({ type: "lost", cause });
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => this.#socket.connect(), this.#backoff.nextPause());
  }

  #networkBack(): void {
    this.#handlers.onSignal({ type: "network_back" });
    if (!this.#socket.connected) this.#socket.disconnect().connect();
  }
}
