import { api, type UsageRecord } from "../api";
import { messageOf } from "../lib/errors";
import { onConnectionChange, onEvent } from "./feed";
import { createStore } from "./store";

const PAGE = 100;

export interface UsageFilter {
  project: string;
  model: string;
}

export interface UsageState {
  filter: UsageFilter;
  /** Newest first. */
  records: UsageRecord[];
  /** Asks for the following page; empty at the end. */
  next: string;
  loaded: boolean;
  loading: boolean;
  error: string;
}

export const noFilter: UsageFilter = { project: "", model: "" };

export const emptyUsage: UsageState = {
  filter: noFilter,
  records: [],
  next: "",
  loaded: false,
  loading: false,
  error: "",
};

/** Puts records into a list that is ordered newest first. A settled record is never replaced by its open self. */
export function mergeRecords(records: UsageRecord[], incoming: UsageRecord[]): UsageRecord[] {
  const byId = new Map(records.map(r => [r.id, r]));
  for (const record of incoming) {
    const known = byId.get(record.id);
    if (known && known.outcome !== "open" && record.outcome === "open") continue;
    byId.set(record.id, record);
  }
  return [...byId.values()].sort(newestFirst);
}

function newestFirst(a: UsageRecord, b: UsageRecord): number {
  const byTime = Date.parse(b.startedAt) - Date.parse(a.startedAt);
  return byTime || (a.id < b.id ? 1 : -1);
}

/** Tells whether a record belongs to what a filter shows. */
export function passes(record: UsageRecord, filter: UsageFilter): boolean {
  return (
    (!filter.project || record.project === filter.project) &&
    (!filter.model || record.model === filter.model || record.requestedModel === filter.model)
  );
}

export const usage = createStore<UsageState>(emptyUsage);

// A page that was asked for under another filter, or before a reconnection, is not shown.
let round = 0;
let watchers = 0;
// What came by event while a first page was on its way is newer than that page.
let arrived: UsageRecord[] = [];

async function load(before: string) {
  const mine = before ? round : ++round;
  if (!before) arrived = [];
  const { filter } = usage.get();
  usage.set({ ...usage.get(), loading: true, error: "" });
  try {
    const page = await api.call("usage.list", { limit: PAGE, before, ...filter });
    if (mine !== round) return;
    const now = usage.get();
    const records = mergeRecords(before ? now.records : page.records, before ? page.records : arrived);
    usage.set({ ...now, records, next: page.next, loaded: true, loading: false });
  } catch (error) {
    if (mine === round) usage.set({ ...usage.get(), loading: false, error: messageOf(error) });
  }
}

onEvent("usage", record => {
  const now = usage.get();
  if (watchers === 0 || !passes(record, now.filter)) return;
  arrived.push(record);
  usage.set({ ...now, records: mergeRecords(now.records, [record]) });
});
onConnectionChange(state => {
  if (state === "open" && watchers > 0) void load("");
});

function reset(filter: UsageFilter) {
  usage.set({ ...emptyUsage, filter });
  void load("");
}

export function watchUsage(): () => void {
  watchers++;
  reset(usage.get().filter);
  return () => {
    watchers--;
  };
}

export function filterUsage(filter: UsageFilter) {
  reset(filter);
}

export function loadMoreUsage() {
  const { next, loading } = usage.get();
  if (next && !loading) void load(next);
}
