// A labelled bar that fills up towards a limit.

import { element, setText } from "./dom";

export interface MeterReading {
  text: string;
  share: number; // 0 to 1
  tone: "calm" | "warning" | "critical" | "good";
}

export class Meter {
  readonly root: HTMLElement;
  readonly #value: HTMLElement;
  readonly #bar: HTMLElement;
  readonly #fill: HTMLElement;

  constructor(label: string, testid: string) {
    this.#value = element("span", { class: "meter-value", "data-testid": testid });
    this.#fill = element("span", { class: "meter-fill" });
    this.#bar = element(
      "span",
      { class: "meter-bar", role: "meter", "aria-label": label, "aria-valuemin": "0" },
      this.#fill,
    );
    this.#bar.setAttribute("aria-valuemax", "100");
    const caption = element("span", { class: "meter-label" }, label);
    this.root = element("div", { class: "meter" }, caption, this.#value, this.#bar);
  }

  show(reading: MeterReading): void {
    setText(this.#value, reading.text);
    this.root.dataset["tone"] = reading.tone;
    this.#fill.style.transform = `scaleX(${reading.share})`;
    this.#bar.setAttribute("aria-valuenow", String(Math.round(reading.share * 100)));
    this.#bar.setAttribute("aria-valuetext", reading.text);
  }
}
