// The budgets, and what their numbers are called.
import { api, type Budget, type Key, type NewBudget } from "../api";
import { formatCost, formatCostExactly } from "../lib/money";
import { formatCount } from "../lib/numbers";
import type { Tone } from "../ui/Dot";
import { onEvent } from "./feed";
import { createResource } from "./resource";

export const budgets = createResource(() => api.call("budgets.list"), [stale => onEvent("budgets", stale)]);

export const UNITS = [
  { value: "usd", label: "US dollars" },
  { value: "tokens", label: "tokens" },
  { value: "requests", label: "requests" },
] as const;

export const PERIODS = [
  { value: "day", label: "a day" },
  { value: "week", label: "a week" },
  { value: "month", label: "a month" },
  { value: "total", label: "in all" },
] as const;

/** What of the Budgets page asks how much more of a budget is allowed. */
export function allowItem(name: string): string {
  return `allow/${name}`;
}

/** Spells an amount of a budget. */
export function formatAmount(unit: Budget["unit"], amount: number): string {
  return unit === "usd" ? formatCost(amount) : `${formatCount(amount)} ${unit}`;
}

/** What a budget is over, in words. */
export function scopeText(budget: Budget): string {
  const parts = [
    budget.key && `key ${budget.key}`,
    budget.project && `project ${budget.project}`,
    budget.model && `model ${budget.model}`,
    budget.tag && `tag ${budget.tag}`,
  ].filter(Boolean);
  return parts.length === 0 ? "Everything" : parts.join(", ").replace(/^./, c => c.toUpperCase());
}

const MOODS: Record<Budget["state"], { tone: Tone; text: string }> = {
  ok: { tone: "good", text: "Within the budget" },
  warned: { tone: "warn", text: "Being used up" },
  falling: { tone: "warn", text: "The fallback answers" },
  blocked: { tone: "bad", text: "Requests are refused" },
  loading: { tone: "quiet", text: "Being added up" },
};

export function moodOf(budget: Budget): { tone: Tone; text: string } {
  return MOODS[budget.state];
}

/** A key's rate limits in a few words. */
export function rateText(key: Key): string {
  const parts = [
    key.requestsPerMinute > 0 && `${formatCount(key.requestsPerMinute)}/min`,
    key.tokensPerMinute > 0 && `${formatCount(key.tokensPerMinute)} tokens/min`,
    key.concurrency > 0 && `${formatCount(key.concurrency)} at once`,
  ].filter(Boolean);
  return parts.length === 0 ? "None" : parts.join(", ");
}

/** What a form holds of a budget. */
export interface Draft {
  name: string;
  amount: string;
  unit: Budget["unit"];
  per: Budget["per"];
  key: string;
  project: string;
  model: string;
  tag: string;
  warn: string[];
  fallback: string;
  fallbackAt: number;
}

export const EMPTY_DRAFT: Draft = {
  name: "",
  amount: "",
  unit: "usd",
  per: "month",
  key: "",
  project: "",
  model: "",
  tag: "",
  warn: ["50", "75", "90"],
  fallback: "",
  fallbackAt: 90,
};

export function draftOf(budget: Budget): Draft {
  const { name, unit, per, key, project, model, tag, fallback, fallbackAt } = budget;
  const amount = unit === "usd" ? formatCostExactly(budget.limit).replace(/[$,]/g, "") : String(budget.limit);
  return {
    name,
    amount,
    unit,
    per,
    key,
    project,
    model,
    tag,
    warn: budget.warn.map(String),
    fallback,
    fallbackAt,
  };
}

/** The call that saves a draft; Go reads the amount and says what is wrong with it. */
export function budgetOf(draft: Draft): NewBudget {
  return {
    name: draft.name.trim(),
    limit: `${draft.amount.trim()} ${draft.unit}/${draft.per}`,
    key: draft.key.trim(),
    project: draft.project.trim(),
    model: draft.model.trim(),
    tag: draft.tag.trim(),
    warn: draft.warn
      .map(Number)
      .filter(n => n > 0)
      .sort((a, b) => a - b),
    fallback: draft.fallback.trim(),
    fallbackAt: draft.fallbackAt,
  };
}
