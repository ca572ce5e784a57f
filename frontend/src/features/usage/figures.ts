// What the numbers of a report are called, and how they are spelled.
import type { UsageFigures, UsageQuantiles } from "../../api";
import { formatCost, formatCostExactly } from "../../lib/money";
import { formatCount, plural } from "../../lib/numbers";
import { formatDuration } from "../../lib/time";

/** Spells a change: "+12 %", "-3 %", "as before". */
export function changeText(percent: number | null): string {
  if (percent === null) return "";
  if (percent === 0) return "as before";
  return percent > 999 ? "over 10 times" : `${percent > 0 ? "+" : "−"}${Math.abs(percent)} %`;
}

/** Spells a share from 0 to 1. */
export function formatShare(share: number | null): string {
  if (share === null) return "unknown";
  const percent = share * 100;
  return `${percent > 0 && percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
}

/** Spells a sum that leaves out requests: a plus says so. */
export function withUnknown(text: string, unknown: number): string {
  return unknown > 0 && text !== "unknown" ? `${text}+` : text;
}

export function costText(f: UsageFigures): string {
  return withUnknown(formatCost(f.costPicoUSD), f.unknownCost);
}

export function costTitle(f: UsageFigures): string {
  const without = f.unknownCost > 0 ? `, without ${plural(f.unknownCost, "request")} of unknown cost` : "";
  return formatCostExactly(f.costPicoUSD) + without;
}

export function tokensTitle(f: UsageFigures): string {
  return f.unknownTokens > 0 ? `without ${plural(f.unknownTokens, "request")} of unknown tokens` : "";
}

export function countText(n: number | null, f: UsageFigures): string {
  return withUnknown(formatCount(n), f.unknownTokens);
}

export function formatSpeed(perSecond: number | null): string {
  return perSecond === null
    ? "unknown"
    : `${perSecond < 10 ? perSecond.toFixed(1) : Math.round(perSecond)}/s`;
}

export const msText = (ms: number | null) => formatDuration(ms);

export function quantilesText(q: UsageQuantiles, spell: (n: number | null) => string): string {
  return `half within ${spell(q.p50)}, three of four within ${spell(q.p75)}, 19 of 20 within ${spell(q.p95)}`;
}
