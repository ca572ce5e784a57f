import { expect, test } from "vitest";
import { estimateText, formatShare } from "./estimate";

test("shares are percent", () => {
  expect([1000, 25, 10_000, 0].map(formatShare)).toEqual(["10 %", "0.25 %", "100 %", "0 %"]);
});

test("an estimate says how sure it is", () => {
  const say = (value: number | null, low: number | null, high: number | null) =>
    estimateText({ samples: 9, value, low, high }, formatShare);
  expect(say(100, 50, 200)).toEqual({ value: "1 %", interval: "0.5 % to 2 %" });
  expect(say(100, null, null)).toEqual({ value: "1 %", interval: "too few to tell" });
  expect(say(100, 50, null)).toEqual({ value: "1 %", interval: "0.5 % to ?" });
  expect(say(null, null, null)).toEqual({ value: "–", interval: "" });
});
