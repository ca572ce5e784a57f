// A list of a million requests of which a few pages are held at a time. Rows are counted from the newest; a page that was
// let go keeps its place, and its cursor to ask for it again.
import type { UsageRecord } from "../api";

export interface LogPage {
  /** The cursor that asks for it; empty for the newest. */
  before: string;
  /** The first of its rows. */
  start: number;
  count: number;
  /** Newest first; null while it is let go. */
  records: UsageRecord[] | null;
}

/** How many pages are held, and how large the newest grows by what happens before it becomes two. */
export const HELD = 40;
export const HEAD = 1000;

function placed(pages: LogPage[]): LogPage[] {
  let start = 0;
  return pages.map(page => {
    const at = page.start === start ? page : { ...page, start };
    start += page.count;
    return at;
  });
}

export function pageOf(before: string, records: UsageRecord[]): LogPage {
  return { before, start: 0, count: records.length, records };
}

export function totalRows(pages: LogPage[]): number {
  const last = pages.at(-1);
  return last ? last.start + last.count : 0;
}

export function append(pages: LogPage[], page: LogPage): LogPage[] {
  return placed([...pages, page]);
}

/** The index of the page that a row is in. */
export function pageAt(pages: LogPage[], row: number): number {
  let low = 0;
  let high = pages.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((pages[middle]?.start ?? 0) <= row) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The request of a row; undefined while its page is away. */
export function rowAt(pages: LogPage[], row: number): UsageRecord | undefined {
  const page = pages[pageAt(pages, row)];
  return page?.records?.[row - page.start];
}

/** Puts back a page that was let go. Its rows stay as many as they were. */
export function putBack(pages: LogPage[], index: number, records: UsageRecord[]): LogPage[] {
  return pages.map((page, i) => (i === index ? { ...page, records: records.slice(0, page.count) } : page));
}

/** Lets go of what is far from the rows in view. The newest page stays, as it changes. */
export function letGo(pages: LogPage[], row: number, held = HELD): LogPage[] {
  if (pages.filter(p => p.records).length <= held) return pages;
  const at = pageAt(pages, row);
  const reach = held >> 1;
  return pages.map((page, i) =>
    i === 0 || Math.abs(i - at) < reach || !page.records ? page : { ...page, records: null },
  );
}

/** Renews a request wherever it is. Null where it is in no page that is held. A settled request never opens again. */
export function renew(pages: LogPage[], record: UsageRecord): LogPage[] | null {
  for (const [i, page] of pages.entries()) {
    const at = page.records?.findIndex(r => r.id === record.id) ?? -1;
    const known = page.records?.[at];
    if (!known || !page.records) continue;
    if (known.outcome !== "open" && record.outcome === "open") return pages;
    return pages.with(i, { ...page, records: page.records.with(at, record) });
  }
  return null;
}

/** Puts requests that are new into the newest page, in their order. */
export function insert(pages: LogPage[], fresh: UsageRecord[], head = HEAD): LogPage[] {
  const [first = pageOf("", []), ...rest] = pages;
  const records = mergeRecords(first.records ?? [], fresh);
  if (records.length <= head) return placed([{ ...first, count: records.length, records }, ...rest]);
  const top = records.slice(0, head >> 1);
  const below = records.slice(head >> 1);
  return placed([pageOf("", top), pageOf(top.at(-1)?.id ?? "", below), ...rest]);
}

/** Puts records into a list that is ordered newest first. A settled record is never replaced by its open self. */
export function mergeRecords(records: UsageRecord[], incoming: UsageRecord[]): UsageRecord[] {
  const byId = new Map(records.map(r => [r.id, r]));
  for (const record of incoming) {
    const known = byId.get(record.id);
    if (known && known.outcome !== "open" && record.outcome === "open") continue;
    byId.set(record.id, record);
  }
  // Ids begin with the time, and are what pages are cut by.
  return [...byId.values()].sort((a, b) => (a.id < b.id ? 1 : a.id > b.id ? -1 : 0));
}
