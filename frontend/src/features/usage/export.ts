// What the log shows, as a file for other programs.
import type { UsageRecord } from "../../api";
import { formatCostExactly } from "../../lib/money";

const COLUMNS: { name: string; of(r: UsageRecord): string | number | null }[] = [
  { name: "id", of: r => r.id },
  { name: "startedAt", of: r => r.startedAt },
  { name: "outcome", of: r => r.outcome },
  { name: "status", of: r => r.status || null },
  { name: "requestedModel", of: r => r.requestedModel },
  { name: "model", of: r => r.model },
  { name: "provider", of: r => r.provider },
  { name: "project", of: r => r.project },
  { name: "key", of: r => r.key },
  { name: "client", of: r => r.client },
  { name: "user", of: r => r.user },
  { name: "tags", of: r => r.tags.join(" ") },
  { name: "inputTokens", of: r => r.inputTokens },
  { name: "cacheReadTokens", of: r => r.cacheReadTokens },
  { name: "cacheWriteTokens", of: r => r.cacheWriteTokens },
  { name: "outputTokens", of: r => r.outputTokens },
  { name: "reasoningTokens", of: r => r.reasoningTokens },
  { name: "costUSD", of: r => usd(r.costPicoUSD) },
  { name: "reportedCostUSD", of: r => usd(r.reportedCostPicoUSD) },
  { name: "timeToFirstTokenMs", of: r => r.timeToFirstTokenMs },
  { name: "durationMs", of: r => r.durationMs },
  { name: "attempts", of: r => r.attempts.length },
  { name: "errorKind", of: r => r.errorKind },
  { name: "error", of: r => r.error },
];

function usd(pico: number | null): string | null {
  return pico === null ? null : formatCostExactly(pico).replace(/[$,]/g, "");
}

/** One line for each request (RFC 4180). An unknown number is an empty field. */
export function csvOf(records: UsageRecord[]): string {
  const lines = [COLUMNS.map(c => c.name), ...records.map(r => COLUMNS.map(c => field(c.of(r))))];
  return lines.map(line => `${line.join(",")}\r\n`).join("");
}

// A text that a spreadsheet would take for a formula gets a mark in front.
function field(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) && !/^-?\d+(\.\d+)?$/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

export function jsonOf(records: UsageRecord[]): string {
  return `${JSON.stringify(records, null, 2)}\n`;
}
