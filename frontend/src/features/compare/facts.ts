import type { ComparedAnswer, ComparisonDetail } from "../../api";
import { csv } from "../../lib/csv";
import { formatCost, formatCostExactly } from "../../lib/money";
import { formatCount } from "../../lib/numbers";
import { formatDuration } from "../../lib/time";
import type { Fact } from "../../ui/Facts";

export function formatSpeed(tokensPerSecond: number | null): string {
  return tokensPerSecond === null ? "unknown" : `${tokensPerSecond.toFixed(tokensPerSecond < 10 ? 1 : 0)}/s`;
}

/** What is measured of an answer that ended. */
export function answerFacts(answer: ComparedAnswer): Fact[] {
  return [
    { label: "in", value: formatCount(answer.inputTokens), title: "Input tokens" },
    { label: "out", value: formatCount(answer.outputTokens), title: "Output tokens" },
    {
      label: "cost",
      value: formatCost(answer.costPicoUSD),
      title:
        answer.costPicoUSD === null ? "The cost is unknown" : `${formatCostExactly(answer.costPicoUSD)} USD`,
    },
    { label: "first token", value: formatDuration(answer.timeToFirstTokenMs), title: "Time to first token" },
    {
      label: "speed",
      value: formatSpeed(answer.tokensPerSecond),
      title: "Output tokens per second, after the first",
    },
  ];
}

/** The whole comparison as a table for other programs. Unknown values are empty. */
export function asCsv({ comparison, answers }: ComparisonDetail): string {
  const head = [
    "prompt",
    "model",
    "answered_by",
    "provider",
    "state",
    "winner",
    "input_tokens",
    "output_tokens",
    "cost_usd",
    "time_to_first_token_ms",
    "duration_ms",
    "tokens_per_second",
    "answer",
    "error",
  ];
  const rows = answers.map(a => [
    comparison.prompts[a.prompt] ?? "",
    a.model,
    a.answeredBy,
    a.provider,
    a.state,
    comparison.winners[a.prompt] === a.model ? "yes" : "",
    a.inputTokens,
    a.outputTokens,
    a.costPicoUSD === null ? null : formatCostExactly(a.costPicoUSD).replace(/[$,]/g, ""),
    a.timeToFirstTokenMs,
    a.durationMs,
    a.tokensPerSecond === null ? null : Math.round(a.tokensPerSecond * 100) / 100,
    a.text,
    a.error,
  ]);
  return csv([head, ...rows]);
}
