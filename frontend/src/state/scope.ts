// Which requests the Usage page is about: a range of time, names, outcomes and words. Both of its views share it.
import type { UsageFilter, UsageRecord } from "../api";
import { createStore } from "./store";

export const RANGES = [
  { value: "today", label: "Today" },
  { value: "7d", label: "7 days" },
  { value: "30d", label: "30 days" },
  { value: "month", label: "Month" },
  { value: "all", label: "All" },
  { value: "custom", label: "Custom" },
] as const;
export type Range = (typeof RANGES)[number]["value"];

/** What requests can be grouped and narrowed by, and which list of the filter holds its names. */
const FIELDS = {
  model: "models",
  provider: "providers",
  project: "projects",
  key: "keys",
  client: "clients",
  user: "users",
  tag: "tags",
} as const satisfies Record<string, keyof UsageFilter>;
export type Dimension = keyof typeof FIELDS;
export const DIMENSIONS = Object.keys(FIELDS) as Dimension[];

export interface Scope {
  range: Range;
  /** The bounds of a custom range, RFC 3339; null is unbounded. */
  from: string | null;
  to: string | null;
  /** One name of a dimension; an empty one stands for requests that have none. */
  names: Partial<Record<Dimension, string>>;
  /** Empty for any. */
  outcome: UsageRecord["outcome"] | "";
  text: string;
  /** Only requests whose prompt broke the prefix of its conversation. */
  broken: boolean;
}

export const WHOLE: Scope = {
  range: "30d",
  from: null,
  to: null,
  names: {},
  outcome: "",
  text: "",
  broken: false,
};

export const scope = createStore<Scope>(WHOLE);

export function narrow(change: Partial<Scope>) {
  scope.set({ ...scope.get(), ...change });
}

/** Narrows to one name of a dimension; undefined takes the narrowing away. */
export function narrowTo(dimension: Dimension, name: string | undefined) {
  const names = { ...scope.get().names };
  if (name === undefined) delete names[dimension];
  else names[dimension] = name;
  narrow({ names });
}

/** The time that a scope is about. A null end is now and goes on. */
export function boundsOf(s: Scope, now: Date): { from: string | null; to: string | null } {
  if (s.range === "custom") return { from: s.from, to: s.to };
  if (s.range === "all") return { from: null, to: null };
  const start = new Date(now);
  start.setHours(0, 0, 0, 0);
  if (s.range === "7d") start.setDate(start.getDate() - 6);
  if (s.range === "30d") start.setDate(start.getDate() - 29);
  if (s.range === "month") start.setDate(1);
  return { from: start.toISOString(), to: null };
}

/** The width of the bars for a range of time. */
export function bucketOf(from: string | null, to: string | null, now: Date): "hour" | "day" | "month" {
  if (from === null) return "day";
  const days = ((to === null ? now.getTime() : Date.parse(to)) - Date.parse(from)) / 86_400_000;
  return days <= 3 ? "hour" : days <= 130 ? "day" : "month";
}

export function filterOf(s: Scope): UsageFilter {
  const filter: UsageFilter = {
    models: [],
    providers: [],
    projects: [],
    keys: [],
    clients: [],
    users: [],
    tags: [],
    allTags: false,
    credentials: [],
    outcomes: s.outcome ? [s.outcome] : [],
    errorKinds: [],
  };
  for (const dimension of DIMENSIONS) {
    const name = s.names[dimension];
    if (name !== undefined) filter[FIELDS[dimension]] = [name];
  }
  return filter;
}

function namesOf(r: UsageRecord, dimension: Dimension): string[] {
  switch (dimension) {
    case "model":
      return [r.model || r.requestedModel];
    case "tag":
      return r.tags;
    default:
      return [r[dimension]];
  }
}

/** Tells whether a request that is told of belongs to a scope, as Go does it for those that are stored. */
export function passes(r: UsageRecord, s: Scope, now: Date): boolean {
  const { from, to } = boundsOf(s, now);
  const at = Date.parse(r.startedAt);
  if ((from !== null && at < Date.parse(from)) || (to !== null && at >= Date.parse(to))) return false;
  for (const dimension of DIMENSIONS) {
    const name = s.names[dimension];
    if (name !== undefined && !namesOf(r, dimension).includes(name)) return false;
  }
  if (s.outcome && r.outcome !== s.outcome) return false;
  if (s.broken && !r.prefix) return false;
  if (!s.text) return true;
  const text = s.text.toLowerCase();
  return [
    r.id,
    r.requestedModel,
    r.model,
    r.provider,
    r.key,
    r.project,
    r.client,
    r.user,
    r.errorKind,
    r.error,
    ...r.tags,
    ...r.attempts.map(a => a.error),
  ].some(field => field.toLowerCase().includes(text));
}

/** Tells whether anything but the time is narrowed. */
export function isNarrowed(s: Scope): boolean {
  return Object.keys(s.names).length > 0 || s.outcome !== "" || s.text !== "" || s.broken;
}
