import type { Arm, Estimate } from "../../api";
import { formatCost } from "../../lib/money";
import { formatCount } from "../../lib/numbers";
import { formatDuration } from "../../lib/time";

/** Spells hundredths of a percent: 10 %, 0.25 %. */
export function formatShare(share: number): string {
  return `${Number((share / 100).toFixed(2))} %`;
}

/** Spells an estimate, and the interval in which the true value is with 95 % confidence. */
export function estimateText(
  { samples, value, low, high }: Estimate,
  format: (n: number) => string,
): { value: string; interval: string } {
  if (samples === 0 || value === null) return { value: "–", interval: "" };
  if (low === null && high === null) return { value: format(value), interval: "too few to tell" };
  const from = low === null ? "?" : format(low);
  const to = high === null ? "?" : format(high);
  return { value: format(value), interval: `${from} to ${to}` };
}

/** Spells a length of time without the parts of it that are nothing. */
export const formatSpan = (ms: number) => formatDuration(ms).replace(/ 0 (s|min)$/, "");

/** What is compared, in order. */
export const MEASURES: { label: string; of(arm: Arm): Estimate; format(n: number): string }[] = [
  { label: "Errors", of: arm => arm.errorShare, format: formatShare },
  { label: "First token, p75", of: arm => arm.firstTokenMs, format: formatDuration },
  { label: "Duration", of: arm => arm.durationMs, format: formatDuration },
  { label: "Tokens out", of: arm => arm.outputTokens, format: formatCount },
  { label: "Cost", of: arm => arm.costPicoUSD, format: formatCost },
];
