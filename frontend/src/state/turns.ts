import type { Turn } from "../api";
import { formatCost, formatCostExactly } from "../lib/money";
import { formatCount } from "../lib/numbers";
import { formatDuration } from "../lib/time";

interface Fact {
  label: string;
  value: string;
  title?: string;
}

/** What is worth knowing of an answer, spelled. Nothing of it is known before the answer's end. */
export function turnFacts(turn: Turn): Fact[] {
  if (turn.state === "streaming") return [];
  return [
    { label: "in", value: formatCount(turn.inputTokens), title: "Input tokens" },
    { label: "out", value: formatCount(turn.outputTokens), title: "Output tokens" },
    {
      label: "cost",
      value: formatCost(turn.costPicoUSD),
      title: turn.costPicoUSD === null ? "The cost is unknown" : `${formatCostExactly(turn.costPicoUSD)} USD`,
    },
    { label: "first token", value: formatDuration(turn.timeToFirstTokenMs), title: "Time to first token" },
    { label: "took", value: formatDuration(turn.durationMs), title: "Duration of the whole answer" },
  ];
}

/** What a screen reader is told when an answer ends; empty while it doesn't. */
export function turnEnding(turn: Turn): string {
  switch (turn.state) {
    case "streaming":
      return "";
    case "done":
      return turn.outputTokens === null
        ? "Answer finished."
        : `Answer finished, ${turn.outputTokens} tokens.`;
    case "stopped":
      return "Answer stopped.";
    case "failed":
      return `The answer failed: ${turn.error}`;
  }
}
