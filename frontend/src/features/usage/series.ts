// What of a report is drawn over time: parts of bars, or lines.
import type { UsageBucket, UsageReport } from "../../api";
import { formatCost } from "../../lib/money";
import { formatCount, formatSize, plural } from "../../lib/numbers";
import { formatDuration } from "../../lib/time";
import { DRAWN } from "../../state/report";
import type { Dimension } from "../../state/scope";
import { formatSpeed } from "./figures";
import { groupName } from "./views";

export const METRICS = [
  { value: "spend", label: "Spend" },
  { value: "requests", label: "Requests" },
  { value: "tokens", label: "Tokens" },
  { value: "errors", label: "Errors" },
  { value: "firstToken", label: "First token" },
  { value: "duration", label: "Duration" },
  { value: "speed", label: "Tokens/s" },
] as const;
export type Metric = (typeof METRICS)[number]["value"];

export interface Series {
  label: string;
  /** One for each bucket; null where it is unknown. */
  values: (number | null)[];
}

export interface Drawing {
  series: Series[];
  /** Parts stand on each other; lines don't. */
  kind: "parts" | "lines";
  /** Spells a value, and a value at an axis, where there is less room. */
  spell(value: number | null): string;
  axis(value: number): string;
  /** Where the axis ends when every value is 0; 1 if left out. */
  top?: number;
}

/** A cent, in 1e-12 USD. */
const CENT = 10_000_000_000;

const QUANTILES = ["p50", "p75", "p95"] as const;

export function drawingOf(report: UsageReport, by: Dimension, metric: Metric): Drawing {
  const { buckets } = report;
  const values = (pick: (b: UsageBucket) => number | null) => buckets.map(pick);
  const lines = (of: "timeToFirstTokenMs" | "durationMs" | "tokensPerSecond"): Series[] =>
    QUANTILES.map(q => ({ label: q, values: values(b => b.figures[of][q]) }));
  switch (metric) {
    case "spend":
      return {
        kind: "parts",
        series: byGroup(
          report,
          by,
          c => c.costPicoUSD,
          values(b => b.figures.costPicoUSD),
        ),
        spell: formatCost,
        axis: formatCost,
        top: CENT,
      };
    case "requests":
      return counted(
        byGroup(
          report,
          by,
          c => c.requests,
          values(b => b.figures.requests),
        ),
      );
    case "errors":
      return counted(
        byGroup(
          report,
          by,
          c => c.errors,
          values(b => b.figures.errors),
        ),
      );
    case "tokens":
      return counted([
        { label: "Input", values: values(b => b.figures.inputTokens) },
        { label: "Cache read", values: values(b => b.figures.cacheReadTokens) },
        { label: "Cache write", values: values(b => b.figures.cacheWriteTokens) },
        { label: "Output", values: values(b => b.figures.outputTokens) },
      ]);
    case "firstToken":
      return timed(lines("timeToFirstTokenMs"));
    case "duration":
      return timed(lines("durationMs"));
    case "speed":
      return { kind: "lines", series: lines("tokensPerSecond"), spell: formatSpeed, axis: formatSpeed };
  }
}

const counted = (series: Series[]): Drawing => ({
  kind: "parts",
  series,
  spell: formatCount,
  axis: formatSize,
});

const timed = (series: Series[]): Drawing => ({
  kind: "lines",
  series,
  spell: formatDuration,
  axis: formatDuration,
});

type Cell = UsageReport["groups"][number]["cells"][number];

// A request with two tags is in two groups: their parts would make bars that are too high.
function byGroup(
  report: UsageReport,
  by: Dimension,
  pick: (cell: Cell) => number,
  whole: (number | null)[],
): Series[] {
  if (by === "tag") return [{ label: "All", values: whole }];
  const shown = report.groups.slice(0, DRAWN);
  const series = shown.map(g => ({ label: groupName(g.name), values: g.cells.map(pick) }));
  const others = report.groups.length - shown.length + report.otherGroups;
  if (others === 0) return series;
  const rest = report.buckets.map(b => b.others && pick(b.others));
  return [...series, { label: plural(others, "other"), values: rest }];
}

/** Puts parts on each other: each value is the sum of its own and those of the parts below. */
export function stacked(series: Series[]): (number | null)[][] {
  const sums: number[] = [];
  return series.map(s =>
    s.values.map((value, i) => {
      sums[i] = (sums[i] ?? 0) + (value ?? 0);
      return sums[i];
    }),
  );
}
