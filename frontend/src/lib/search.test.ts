import { expect, test } from "vitest";
import { matches } from "./search";

test("every word has to be somewhere", () => {
  expect(matches("", "x")).toBe(true);
  expect(matches("opus anthropic", "anthropic/claude-opus", "")).toBe(true);
  expect(matches("OPUS", "anthropic/claude-opus")).toBe(true);
  expect(matches("opus gpt", "anthropic/claude-opus")).toBe(false);
});
