// Says whether the figures can be trusted right now: live, polling, reconnecting or offline.

import { describe, type Connection } from "../connection/state";
import { element, setText } from "./dom";

export class Indicator {
  readonly root: HTMLElement;
  readonly #label = element("span", { class: "indicator-label" });
  readonly #detail = element("p", { class: "detail", "data-testid": "connection-detail" });
  readonly #retry: HTMLButtonElement;
  /** Beneath the panel's head; empty while all is well. */
  readonly explanation: HTMLElement;

  constructor(onRetry: () => void) {
    const dot = element("span", { class: "indicator-dot", "aria-hidden": "true" });
    const attributes = { class: "indicator", role: "status", "data-testid": "connection" };
    this.root = element("span", attributes, dot, this.#label);
    this.#retry = element("button", { type: "button", "data-testid": "retry" }, "Try again");
    this.#retry.addEventListener("click", onRetry);
    this.explanation = element("div", { class: "explanation" }, this.#detail, this.#retry);
  }

  show(connection: Connection): void {
    const { label, detail } = describe(connection);
    this.root.dataset["state"] = connection.kind;
    this.root.title = detail;
    this.explanation.dataset["state"] = connection.kind;
    this.explanation.hidden = connection.kind === "live" || connection.kind === "connecting";
    this.#retry.hidden = connection.kind !== "offline" || connection.cause !== "refused";
    setText(this.#label, label);
    setText(this.#detail, detail);
  }
}
