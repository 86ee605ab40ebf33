// One account: its feed, what is known of it, and its place on the screen, brought together.
//
// The figures come from the back end once, and from the feed afterwards. After a gap they are
// fetched again; what the feed brings meanwhile waits, so that nothing is shown older than it is.

import { Refused, type Backend } from "./backend";
import { Backoff } from "./backoff";
import { apply, beginsAgain, viewOf, type ChallengeView, type Message } from "./challenge/state";
import { Feed } from "./connection/feed";
import { CONNECTING, next, type Connection, type Signal } from "./connection/state";
import type { AccountSummary } from "./events";
import { PanelView } from "./view/panel_view";

const WAITING_MAX = 1_000;

export class Panel {
  readonly account: AccountSummary;
  readonly root: HTMLElement;
  readonly #backend: Backend;
  readonly #view: PanelView;
  readonly #feed: Feed;
  readonly #backoff = new Backoff();
  #connection: Connection = CONNECTING;
  #challenge: ChallengeView | undefined;
  #waiting: Message[] | undefined; // set while figures are being fetched
  #gapMeanwhile = false;
  #fetchAgain: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(account: AccountSummary, backend: Backend) {
    this.account = account;
    this.#backend = backend;
    this.#view = new PanelView(account, () => this.#feed.retry());
    this.root = this.#view.root;
    this.#feed = new Feed(
      { challengeId: account.challenge_id, token: () => backend.token(account.account) },
      {
        onSignal: (signal) => this.#signal(signal),
        onMessage: (message) => this.#receive(message),
        onGap: () => void this.#fetch(),
      },
    );
  }

  start(): void {
    this.#view.showConnection(this.#connection);
    void this.#fetch();
    this.#feed.start();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#fetchAgain);
    this.#feed.stop();
    this.#view.destroy();
  }

  #signal(signal: Signal): void {
    this.#connection = next(this.#connection, signal);
    this.#view.showConnection(this.#connection);
  }

  #receive(message: Message): void {
    if (this.#waiting) {
      if (this.#waiting.length < WAITING_MAX) this.#waiting.push(message);
      return;
    }
    const before = this.#challenge;
    if (!before) return;
    const after = apply(before, message);
    if (after === before) return;
    this.#challenge = after;
    this.#announce(message);
    const point = after.curve.at(-1);
    if (after.curve !== before.curve && point) this.#view.addPoint(point);
    this.#view.show(after);
    if (beginsAgain(before, after)) void this.#fetch();
  }

  /** For screen readers: what matters, and not every trade. */
  #announce(message: Message): void {
    if (message.type === "alert") {
      this.#view.announce(`${message.event.title}. ${message.event.message}`);
    } else if (message.type === "status") {
      this.#view.announce(`Status ${message.event.new_status}. ${message.event.reason}.`);
    }
  }

  /** Fetches the figures, and keeps trying while the back end is away. One at a time. */
  async #fetch(): Promise<void> {
    if (this.#waiting) {
      this.#gapMeanwhile = true; // these figures may be from before the gap
      return;
    }
    this.#waiting = [];
    this.#gapMeanwhile = false;
    try {
      const { account, challenge_id } = this.account;
      const snapshot = await this.#backend.snapshot(account, challenge_id);
      if (this.#closed) return;
      this.#backoff.succeeded();
      this.#challenge = viewOf(snapshot);
      this.#view.showNotice("");
      this.#view.begin(this.#challenge);
    } catch (error) {
      if (!this.#closed) this.#fetchFailed(error);
    } finally {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (!this.#closed) {
        for (const message of waiting) this.#receive(message);
        if (this.#gapMeanwhile) void this.#fetch();
      }
    }
  }

  #fetchFailed(error: unknown): void {
    if (error instanceof Refused) {
      this.#view.showNotice(`No figures: ${error.message}.`);
      return;
    }
    this.#view.showNotice("The back end cannot be reached. Trying again…");
    clearTimeout(this.#fetchAgain);
    this.#fetchAgain = setTimeout(() => void this.#fetch(), this.#backoff.nextPause());
  }
}
