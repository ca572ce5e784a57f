import { expect, test } from "vitest";
import type { TurnAttempt } from "../api";
import { thoughtFor, traceOf } from "./turns";

const tried = (provider: string, model: string, status = 200, outcome = "ok"): TurnAttempt => ({
  provider,
  model,
  outcome,
  status,
  error: "",
  durationMs: 5,
});

test.each([
  ["nobody", [], ""],
  ["the first", [tried("a", "m/x")], ""],
  ["one that failed", [tried("a", "m/x", 503, "error")], "Tried m/x (503)"],
  ["another provider", [tried("a", "m/x", 429, "error"), tried("b", "m/x")], "Tried a (429), then b"],
  ["another model", [tried("a", "a/x", 0, "error"), tried("b", "b/y")], "Tried a/x (no answer), then b/y"],
  ["one that was stopped", [tried("a", "m/x", 200, "cancelled")], "Tried m/x (stopped)"],
  ["names at a provider", [tried("a", "x", 429, "error"), tried("a", "y")], "Tried a/x (429), then a/y"],
  [
    "two providers and models",
    [tried("a", "m/x", 500, "error"), tried("b", "n/y")],
    "Tried m/x at a (500), then n/y at b",
  ],
])("%s is told", (_, attempts, says) => {
  expect(traceOf(attempts)).toBe(says);
});

test.each([
  [null, true, "Thinking"],
  [null, false, "Thought"],
  [340, false, "Thought for 340 ms"],
  [4240, true, "Thinking for 4.2 s"],
  [12_400, false, "Thought for 12 s"],
  [75_000, false, "Thought for 1 min 15 s"],
])("reasoning of %s ms is spelled", (ms, thinking, says) => {
  expect(thoughtFor(ms, thinking)).toBe(says);
});
