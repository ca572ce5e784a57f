import { useEffect } from "react";
import { messageOf } from "../lib/errors";
import { onConnectionChange } from "./feed";
import { createStore, type Store, useStore } from "./store";

/** A list kept on the other side, as last seen here. */
export interface Loaded<T> {
  /** Null until the first answer. */
  data: T | null;
  /** Why the last attempt failed; empty if it did not. */
  error: string;
  loading: boolean;
}

export interface Resource<T> extends Pick<Store<Loaded<T>>, "get" | "subscribe"> {
  /** Asks again. A second request while one runs makes one more after it, however often it is asked for. */
  reload(): Promise<void>;
  /** Counts a view in; the function it gives back counts it out. Only what is in view is kept fresh. */
  watch(): () => void;
}

/**
 * Makes a resource of a call and of the events after which its answer is stale. What also changes without an event, silently,
 * is asked for again by every view that comes.
 */
export function createResource<T>(
  load: () => Promise<T>,
  staleOn: ((stale: () => void) => () => void)[] = [],
  silently = false,
): Resource<T> {
  const store = createStore<Loaded<T>>({ data: null, error: "", loading: false });
  let running: Promise<void> | null = null;
  let again = false;
  let watchers = 0;
  let fresh = false;

  async function run() {
    do {
      again = false;
      store.set({ ...store.get(), loading: true });
      try {
        const data = await load();
        store.set({ data, error: "", loading: again });
        fresh = !again;
      } catch (error) {
        store.set({ ...store.get(), error: messageOf(error), loading: again });
      }
    } while (again);
    running = null;
  }

  function reload(): Promise<void> {
    if (running) again = true;
    else running = run();
    return running as Promise<void>;
  }

  function stale() {
    fresh = false;
    if (watchers > 0) void reload();
  }

  for (const on of staleOn) on(stale);
  onConnectionChange(state => {
    if (state === "open") stale();
  });

  return {
    get: store.get,
    subscribe: store.subscribe,
    reload,
    watch() {
      watchers++;
      if ((!fresh || silently) && !running) void reload();
      return () => {
        watchers--;
      };
    },
  };
}

export function useResource<T>(resource: Resource<T>): Loaded<T> {
  useEffect(() => resource.watch(), [resource]);
  return useStore(resource);
}
