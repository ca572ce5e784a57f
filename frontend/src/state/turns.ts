import type { Turn, TurnAttempt } from "../api";
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

/** Spells who was tried for an answer: "Tried a (429), then b"; empty where the first one answered. */
export function traceOf(attempts: TurnAttempt[]): string {
  if (attempts.length === 0 || (attempts.length === 1 && attempts[0]?.outcome === "ok")) return "";
  const models = new Set(attempts.map(a => a.model));
  const providers = new Set(attempts.map(a => a.provider));
  const name = (a: TurnAttempt) => {
    if (models.size === 1 && providers.size > 1) return a.provider;
    if (!a.model.includes("/")) return `${a.provider}/${a.model}`; // its name at the provider
    return providers.size === 1 || a.model.startsWith(`${a.provider}/`)
      ? a.model
      : `${a.model} at ${a.provider}`;
  };
  const steps = attempts.map(a => (a.outcome === "ok" ? name(a) : `${name(a)} (${failure(a)})`));
  return `Tried ${steps.join(", then ")}`;
}

function failure(attempt: TurnAttempt): string {
  if (attempt.outcome === "cancelled") return "stopped";
  return attempt.status >= 400 ? String(attempt.status) : "no answer";
}

/** Spells how long a model reasoned: "Thought for 12 s". */
export function thoughtFor(ms: number | null, thinking: boolean): string {
  const verb = thinking ? "Thinking" : "Thought";
  if (ms === null) return verb;
  return `${verb} for ${ms >= 10_000 && ms < 60_000 ? `${Math.round(ms / 1000)} s` : formatDuration(ms)}`;
}
