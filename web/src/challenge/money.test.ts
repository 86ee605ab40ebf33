import { describe, expect, it } from "vitest";
import { cents, drawdown, money, percent, share } from "./money";

describe("cents", () => {
  it.each([
    ["100000.00", 10_000_000n],
    ["-0.01", -1n],
    ["7", 700n],
    ["7.5", 750n],
    ["0.999", 99n],
    ["-12.345", -1234n],
  ])("reads %s", (text, expected) => expect(cents(text)).toBe(expected));

  it("is exact where a double is not", () => {
    expect(cents("90071992547409.93")).toBe(9_007_199_254_740_993n);
  });

  it.each(["", "abc", "1,000.00", "1e5", "--1", "1.", ".5", "NaN", "1".repeat(19)])(
    "refuses %j",
    (text) => expect(() => cents(text)).toThrow(RangeError),
  );
});

describe("money", () => {
  it("groups thousands", () => expect(money(123_456_789n)).toBe("1,234,567.89"));
  it("shows small amounts whole", () => expect(money(5n)).toBe("0.05"));
  it("signs a gain and a loss, and not nothing", () => {
    expect(money(25_040n, { signed: true })).toBe("+250.40");
    expect(money(-25_040n, { signed: true })).toBe("−250.40");
    expect(money(0n, { signed: true })).toBe("0.00");
  });
});

describe("drawdown", () => {
  it("is nothing at or above the reference", () => {
    expect(drawdown(100n, 100n)).toBe(0n);
    expect(drawdown(101n, 100n)).toBe(0n);
  });
  it("does not show a limit as reached one cent early", () => {
    expect(percent(drawdown(9_500_001n, 10_000_000n))).toBe("4.99 %");
    expect(percent(drawdown(9_500_000n, 10_000_000n))).toBe("5.00 %");
  });
  it("has an answer when there is nothing to measure from", () => {
    expect(drawdown(-5n, 0n)).toBe(0n);
  });
  it("passes one hundred percent when an account owes", () => {
    expect(percent(drawdown(-100n, 100n))).toBe("200.00 %");
  });
});

describe("share", () => {
  it("stays between nothing and all", () => {
    expect(share(250n, 500n)).toBe(0.5);
    expect(share(900n, 500n)).toBe(1);
    expect(share(1n, 0n)).toBe(0);
  });
});
