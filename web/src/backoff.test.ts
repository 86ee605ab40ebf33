import { expect, it } from "vitest";
import { Backoff } from "./backoff";

function pauses(random: number, count: number): number[] {
  const backoff = new Backoff(() => random);
  return Array.from({ length: count }, () => backoff.nextPause());
}

it("doubles from one second to thirty", () => {
  expect(pauses(0.5, 7)).toEqual([1000, 2000, 4000, 8000, 16000, 30000, 30000]);
});

it("moves each pause by up to a half, never beyond the maximum", () => {
  expect(pauses(0, 2)).toEqual([500, 1000]);
  expect(pauses(1, 7).at(-1)).toBe(30000);
});

it("begins again after a success", () => {
  const backoff = new Backoff(() => 0.5);
  backoff.nextPause();
  backoff.succeeded();
  expect(backoff.nextPause()).toBe(1000);
});
