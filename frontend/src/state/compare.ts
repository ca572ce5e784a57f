// Comparisons: the list of them, and those in view as they are being made.
import { useEffect } from "react";
import { api, type CompareAnswer, type CompareDelta, type CompareStart } from "../api";
import { messageOf } from "../lib/errors";
import { applyAnswer, applyDelta, applySnapshot, type Compared } from "./compared";
import { onConnectionChange, onEvent } from "./feed";
import { perFrame } from "./frames";
import { createResource } from "./resource";
import { createStore, type Store, useStore } from "./store";

export const comparisons = createResource(
  () => api.call("compare.list"),
  [stale => onEvent("compare.changed", stale)],
);

export interface OpenComparison {
  compared: Compared | null;
  /** Why it could not be had; empty if it could. */
  error: string;
}

const nothing: OpenComparison = { compared: null, error: "" };
const none = createStore(nothing);

/** The one comparison in view. */
let open: { id: string; store: Store<OpenComparison>; watchers: number } | null = null;

type Event = { delta: CompareDelta } | { ended: CompareAnswer };

const dispatch = perFrame<Event>(batch => {
  const entry = open;
  let compared = entry?.store.get().compared;
  if (!entry || !compared) return;
  for (const event of batch) {
    const about = "delta" in event ? event.delta.comparison : event.ended.comparison;
    if (about !== entry.id) continue;
    compared = "delta" in event ? applyDelta(compared, event.delta) : applyAnswer(compared, event.ended);
  }
  const before = entry.store.get();
  entry.store.set({ ...before, compared });
  if (compared.gap && !before.compared?.gap) void reload(entry.id);
});

onEvent("compare.delta", delta => dispatch({ delta }));
onEvent("compare.answer", ended => dispatch({ ended }));
onEvent("compare.changed", () => {
  if (open) void reload(open.id);
});
onConnectionChange(state => {
  if (state === "open" && open) void reload(open.id);
});

async function reload(id: string) {
  try {
    const detail = await api.call("compare.get", { comparison: id });
    if (open?.id !== id) return;
    open.store.set({ compared: applySnapshot(open.store.get().compared, detail), error: "" });
  } catch (error) {
    if (open?.id === id) open.store.set({ ...open.store.get(), error: messageOf(error) });
  }
}

function entryOf(id: string) {
  if (open?.id !== id) open = { id, store: createStore(nothing), watchers: 0 };
  return open;
}

/** Keeps a comparison up to date as long as the calling view shows it. */
export function useComparison(id: string): OpenComparison {
  const store = id ? entryOf(id).store : none;
  useEffect(() => {
    if (!id) return;
    const entry = entryOf(id);
    entry.watchers++;
    void reload(id);
    return () => {
      entry.watchers--;
      setTimeout(() => {
        if (entry.watchers === 0 && open === entry) open = null;
      }, 0);
    };
  }, [id]);
  return useStore(store);
}

/** Begins a comparison; gives back its id. */
export async function compare(what: CompareStart): Promise<string> {
  return (await api.call("compare.start", what)).comparison.id;
}

/** Stops the comparison in view. Tells whether there was anything to stop. */
export function stopComparing(): boolean {
  if (!open || open.watchers === 0) return false;
  if (open.store.get().compared?.detail.comparison.state !== "running") return false;
  void api.call("compare.stop", { comparison: open.id });
  return true;
}
