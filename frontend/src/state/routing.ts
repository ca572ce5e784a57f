import { api, type HealthEntry, type Route, type RouteQuery } from "../api";
import { plural } from "../lib/numbers";
import type { Tone } from "../ui/Dot";
import { onEvent } from "./feed";
import { createResource } from "./resource";

export const health = createResource(() => api.call("health.list"), [stale => onEvent("health", stale)]);

export const rollouts = createResource(
  () => api.call("rollouts.list"),
  // What a comparison counts has no event of its own; a request that ends may have changed it.
  [
    stale => onEvent("rollouts", stale),
    stale => onEvent("settings", stale),
    stale =>
      onEvent("usage", record => {
        if (record.rollout && record.outcome !== "open") stale();
      }),
  ],
);

/** The protocols that a client may speak, as settings name them. */
export const PROTOCOLS = [
  { value: "chat-completions", label: "Chat Completions" },
  { value: "responses", label: "Responses" },
  { value: "messages", label: "Messages (Anthropic)" },
  { value: "gemini", label: "Gemini" },
  { value: "ai-sdk", label: "AI SDK" },
  { value: "ollama", label: "Ollama" },
] as const;

/** The hours of the day, as a rule and a dry run name them. */
export const HOURS = Array.from({ length: 24 }, (_, hour) => ({
  value: String(hour),
  label: `${String(hour).padStart(2, "0")}:00`,
}));

export const NOBODY: Omit<RouteQuery, "model"> = {
  protocol: "chat-completions",
  options: "",
  key: "",
  project: "",
  conversation: "",
  hour: null,
  changes: [],
};

/** The command that shows the same decision. */
export function routeCommand(query: RouteQuery): string {
  const parts = ["gatehouse route", quoted(query.model), "--explain"];
  if (query.protocol && query.protocol !== NOBODY.protocol) parts.push(`--protocol ${query.protocol}`);
  if (query.options.trim()) parts.push(`--options ${quoted(query.options.trim())}`);
  if (query.key) parts.push(`--key ${quoted(query.key)}`);
  if (query.project) parts.push(`--project ${quoted(query.project)}`);
  if (query.hour !== null) parts.push(`--hour ${query.hour}`);
  return parts.join(" ");
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Says in a sentence what would be tried. */
export function routeSentence(route: Route): string {
  const [first, ...rest] = route.attempts;
  if (!first) return "Nothing would be tried.";
  const who = (a: Route["attempts"][number]) =>
    `${a.providerName || a.provider}${a.credential ? ` (${a.credential})` : ""}`;
  const said = [`${who(first)} with ${first.model}`];
  for (const [i, attempt] of rest.entries()) {
    const same = attempt.model === route.attempts[i]?.model;
    said.push(same ? who(attempt) : `${who(attempt)} with ${attempt.model}`);
  }
  const shown = said.slice(0, 4);
  const more = said.length - shown.length;
  return `This request would try ${shown.join(", then ")}${more > 0 ? `, then ${plural(more, "other")}` : ""}.`;
}

const STATES: Record<HealthEntry["state"], { tone: Tone; text: string }> = {
  open: { tone: "bad", text: "Not asked for now" },
  probing: { tone: "warn", text: "Being tried again" },
  limited: { tone: "warn", text: "Rate limited" },
  parked: { tone: "bad", text: "Credential set aside" },
};

/** A state that is not healthy, in words. */
export const healthText = (entry: HealthEntry) => STATES[entry.state];
