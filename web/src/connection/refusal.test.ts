import { expect, it } from "vitest";
import { mayRetry } from "./refusal";

it.each([
  [{ code: "unavailable", retryable: true }, true],
  [{ code: "token_expired", retryable: false }, true], // the next attempt brings a new token
  [{ code: "token_invalid", retryable: false }, false],
  [{ code: "forbidden", retryable: false }, false],
  [{}, false],
  [undefined, false],
])("%j", (refusal, expected) => expect(mayRetry(refusal)).toBe(expected));
