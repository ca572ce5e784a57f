import { expect, test } from "vitest";
import { matches, resembles } from "./search";

test("every word has to be somewhere", () => {
  expect(matches("", "x")).toBe(true);
  expect(matches("opus anthropic", "anthropic/claude-opus", "")).toBe(true);
  expect(matches("OPUS", "anthropic/claude-opus")).toBe(true);
  expect(matches("opus gpt", "anthropic/claude-opus")).toBe(false);
});

test("letters in their order are like a text", () => {
  expect(resembles("gtu", "Go to Usage")).toBe(true);
  expect(resembles("nw key", "New key")).toBe(true);
  expect(resembles("yek", "New key")).toBe(false);
  expect(resembles("new keys", "New key")).toBe(false);
});
