import { expect, test } from "vitest";
import { formatCost, formatCostExactly, formatPrice, formatTokenPrice } from "./money";

test.each([
  [null, "unknown"],
  [0, "$0"],
  [1, "$0.000000000001"],
  [12, "$0.000000000012"],
  [123, "$0.00000000012"],
  [3_200_000, "$0.0000032"],
  [12_345_678_901, "$0.0123"],
  [500_000_000_000, "$0.5"],
  [999_999_999_999, "$0.9999"],
  [1_000_000_000_000, "$1.00"],
  [3_205_000_000_000, "$3.20"],
  [1_234_567_000_000_000, "$1,234.56"],
  [-12_345_678_901, "-$0.0123"],
])("a cost of %s is %s", (pico, text) => {
  expect(formatCost(pico)).toBe(text);
});

test.each([
  [null, "unknown"],
  [0, "$0"],
  [12_385_678_901, "$0.012385678901"],
  [1_500_000_000_000, "$1.5"],
  [2_000_000_000_000, "$2"],
])("exactly, %s is %s", (pico, text) => {
  expect(formatCostExactly(pico)).toBe(text);
});

test.each([
  [null, "unknown"],
  ["0", "$0"],
  ["0.00", "$0"],
  ["2.5", "$2.50"],
  ["10.00", "$10.00"],
  ["0.075", "$0.075"],
  ["1250", "$1,250.00"],
  ["abc", "abc"],
])("a price of %s is %s", (price, text) => {
  expect(formatPrice(price)).toBe(text);
});

test.each([
  [null, "unknown"],
  [0, "$0"],
  [1, "$0.000001"],
  [75_000, "$0.075"],
  [1_250_000, "$1.25"],
  [15_000_000, "$15.00"],
  [10_000_000_000, "$10,000.00"],
])("%s picoUSD a token is %s a million", (pico, text) => {
  expect(formatTokenPrice(pico)).toBe(text);
});
