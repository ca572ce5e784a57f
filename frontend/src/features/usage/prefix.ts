// How a broken prefix is told of.
import type { UsagePrefix } from "../../api";
import { formatCost } from "../../lib/money";
import { formatCount } from "../../lib/numbers";

const PLACES: Record<string, string> = {
  tools: "Tools",
  system: "System prompt",
  user: "Message of the user",
  assistant: "Message of the model",
  tool: "Result of a tool",
  other: "Other message",
  model: "Another model",
  provider: "Another provider",
};

/** Names where prefixes broke. */
export function placeName(place: string): string {
  return PLACES[place] ?? place;
}

function partText(p: UsagePrefix): string {
  if (p.part === "tools") return `tool ${p.number}`;
  if (p.number === 0) return "the system prompt";
  return `message ${p.number} (${p.part})`;
}

/** Says how a request broke its prefix: "Prefix broken at message 12 (user): 34 of 40 blocks kept". */
export function brokenText(p: UsagePrefix): string {
  const kept = `${p.kept} of ${p.blocks} blocks kept`;
  if (p.cause === "content") return `Prefix broken at ${partText(p)}: ${kept}`;
  return `Prefix broken by another ${p.cause} than ${p.was}: ${kept}`;
}

/** Says what that took. */
export function rereadText(p: UsagePrefix): string {
  if (p.tokens === 0) return "Nothing was read anew that a cache could have had.";
  const tokens = `About ${formatCount(p.tokens)} tokens were read anew${p.estimated ? " (an estimate)" : ""}`;
  if (p.costPicoUSD === 0) return `${tokens}, which cost nothing.`;
  return `${tokens}; what that cost more is ${formatCost(p.costPicoUSD)}.`;
}
