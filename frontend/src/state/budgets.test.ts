import { expect, test } from "vitest";
import type { Budget } from "../api";
import { budgetOf, draftOf, EMPTY_DRAFT, formatAmount, scopeText } from "./budgets";

const budget: Budget = {
  name: "month",
  key: "",
  project: "",
  model: "anthropic/*",
  tag: "ci",
  unit: "usd",
  per: "month",
  limit: 1_234_560_000_000_000,
  allowed: 0,
  spent: 5_000_000_000,
  reserved: 0,
  percent: 0,
  state: "ok",
  step: 0,
  warn: [50, 90],
  fallback: "",
  fallbackAt: 90,
  startedAt: null,
  resetsAt: null,
  unpriced: 0,
  estimated: 0,
  text: "",
  problem: "",
};

test("a budget that is edited without a change is saved as it was", () => {
  expect(budgetOf(draftOf(budget))).toEqual({
    name: "month",
    limit: "1234.56 usd/month",
    key: "",
    project: "",
    model: "anthropic/*",
    tag: "ci",
    warn: [50, 90],
    fallback: "",
    fallbackAt: 90,
  });
  expect(budgetOf(draftOf({ ...budget, unit: "tokens", limit: 2_000_000, per: "day" })).limit).toBe(
    "2000000 tokens/day",
  );
});

test("what is typed is cut of its blanks, and steps are in order", () => {
  const draft = {
    ...EMPTY_DRAFT,
    name: " all ",
    amount: " 2M ",
    unit: "tokens" as const,
    warn: ["90", "50", "x"],
  };
  expect(budgetOf(draft)).toMatchObject({ name: "all", limit: "2M tokens/month", warn: [50, 90] });
});

test("amounts and scopes are spelled for people", () => {
  expect(formatAmount("usd", budget.limit)).toBe("$1,234.56");
  expect(formatAmount("requests", 1500)).toBe("1,500 requests");
  expect(scopeText(budget)).toBe("Model anthropic/*, tag ci");
  expect(scopeText({ ...budget, model: "", tag: "" })).toBe("Everything");
});
