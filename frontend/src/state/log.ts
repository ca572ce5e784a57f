// The requests of the scope, live, page by page.
import { api, type UsageRecord } from "../api";
import { messageOf } from "../lib/errors";
import { onConnectionChange, onEvent } from "./feed";
import { perFrame } from "./frames";
import { append, insert, type LogPage, letGo, pageAt, pageOf, putBack, renew, totalRows } from "./pages";
import { boundsOf, filterOf, passes, type Scope, scope } from "./scope";
import { createStore } from "./store";

const PAGE = 100;
/** Rows beyond the view that are asked for before the user gets there. */
const AHEAD = 300;
/** How many new requests wait while the user reads further down; more than that are asked for anew. */
const WAITING = 500;

export interface Log {
  pages: LogPage[];
  /** Asks for the following page; empty at the end. */
  next: string;
  loaded: boolean;
  loading: boolean;
  error: string;
  /** What came while the user looked further down. */
  waiting: UsageRecord[];
}

export const emptyLog: Log = {
  pages: [],
  next: "",
  loaded: false,
  loading: false,
  error: "",
  waiting: [],
};

export const log = createStore<Log>(emptyLog);

// What was asked for under another scope, or before a reconnection, is not shown.
let round = 0;
let watchers = 0;
let atTop = true;
let of: Scope = scope.get();
// What came by event while the first page was on its way is newer than that page.
let arrived: UsageRecord[] = [];
const comingBack = new Set<LogPage>();

function ask(before: string, limit: number) {
  const { from, to } = boundsOf(of, new Date());
  return api.call("usage.requests", {
    limit,
    before,
    from,
    to,
    filter: filterOf(of),
    model: "",
    text: of.text.trim(),
    broken: of.broken,
  });
}

async function loadNext() {
  const mine = round;
  const { next, loaded } = log.get();
  log.set({ ...log.get(), loading: true, error: "" });
  try {
    const page = await ask(next, PAGE);
    if (mine !== round) return;
    const now = log.get();
    let pages = append(now.pages, pageOf(next, page.records));
    if (!loaded) pages = insert(pages, arrived);
    log.set({ ...now, pages, next: page.next, loaded: true, loading: false });
    // A search that found little so far goes on by itself.
    if (page.partial && page.next && totalRows(pages) < PAGE) void loadNext();
  } catch (error) {
    if (mine === round) log.set({ ...log.get(), loading: false, error: messageOf(error) });
  }
}

async function bring(index: number) {
  const mine = round;
  const page = log.get().pages[index];
  if (!page || page.records || comingBack.has(page)) return;
  comingBack.add(page);
  try {
    const { records } = await ask(page.before, page.count);
    const { pages } = log.get();
    const at = pages.findIndex(p => p.before === page.before);
    if (mine === round && at >= 0) log.set({ ...log.get(), pages: putBack(pages, at, records) });
  } catch (error) {
    if (mine === round) log.set({ ...log.get(), error: messageOf(error) });
  } finally {
    comingBack.delete(page);
  }
}

/** Tells which rows are in view; what is missing there and soon is asked for, what is far away is let go. */
export function view(first: number, last: number) {
  const { pages, next, loading, error } = log.get();
  for (let i = pageAt(pages, first); i <= pageAt(pages, last); i++) void bring(i);
  const kept = letGo(pages, first);
  if (kept !== pages) log.set({ ...log.get(), pages: kept });
  if (next && !loading && !error && last + AHEAD >= totalRows(pages)) void loadNext();
}

/** Tells whether the newest row is in view. */
export function setAtTop(top: boolean) {
  atTop = top;
  if (top && log.get().waiting.length > 0) showWaiting();
}

export function showWaiting() {
  const { waiting, pages } = log.get();
  if (waiting.length > WAITING) reload();
  else log.set({ ...log.get(), waiting: [], pages: insert(pages, waiting) });
}

export function reload() {
  round++;
  arrived = [];
  of = scope.get();
  log.set(emptyLog);
  void loadNext();
}

const take = perFrame<UsageRecord>(records => {
  if (watchers === 0) return;
  const now = log.get();
  let { pages } = now;
  const fresh: UsageRecord[] = [];
  for (const record of records) {
    const renewed = renew(pages, record);
    if (renewed) pages = renewed;
    else if (passes(record, of, new Date()) && belongsOnTop(record, pages)) fresh.push(record);
  }
  if (!now.loaded) {
    arrived.push(...fresh);
  } else if (atTop) {
    log.set({ ...now, pages: fresh.length > 0 ? insert(pages, fresh) : pages });
  } else {
    const known = new Map(now.waiting.map(r => [r.id, r]));
    for (const record of fresh) known.set(record.id, record);
    log.set({ ...now, pages, waiting: [...known.values()].slice(0, WAITING + 1) });
  }
});

// What is older than the newest page is in a page that is not here, or comes with the next.
function belongsOnTop(record: UsageRecord, pages: LogPage[]): boolean {
  const oldest = pages[0]?.records?.at(-1);
  return !oldest || record.id > oldest.id || (pages.length === 1 && log.get().next === "");
}

onEvent("usage", record => {
  if (watchers > 0) take(record);
});
onEvent("usage.changed", () => {
  if (watchers > 0) reload();
});
onConnectionChange(state => {
  if (state === "open" && watchers > 0) reload();
});
scope.subscribe(() => {
  if (watchers > 0) reload();
});

/** Counts a view of the log in; the function it gives back counts it out. */
export function watchLog(): () => void {
  watchers++;
  atTop = true;
  reload();
  return () => {
    watchers--;
    if (watchers === 0) {
      round++;
      log.set(emptyLog);
    }
  };
}

/** Every request of the scope, for an export, at most as many as one page may have. */
export async function allOfScope(): Promise<{ records: UsageRecord[]; more: boolean }> {
  of = scope.get();
  const records: UsageRecord[] = [];
  let next = "";
  do {
    const page = await ask(next, MOST - records.length);
    records.push(...page.records);
    next = page.next;
  } while (next && records.length < MOST);
  return { records, more: next !== "" };
}

/** The most requests of an export. */
export const MOST = 10_000;
