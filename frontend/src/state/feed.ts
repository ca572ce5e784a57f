import { type AnyEvent, api, type Connection, type EventType } from "../api";

type EventOf<T extends EventType> = Extract<AnyEvent, { type: T }>["data"];

const byType = new Map<EventType, Set<(data: never) => void>>();
const onConnection = new Set<(state: Connection) => void>();

/** Calls fn for every event of a type. */
export function onEvent<T extends EventType>(type: T, fn: (data: EventOf<T>) => void): () => void {
  const set = byType.get(type) ?? new Set();
  byType.set(type, set);
  set.add(fn);
  return () => set.delete(fn);
}

/** Calls fn whenever the feed opens, breaks or ends. After it opened, everything shown has to be asked for again. */
export function onConnectionChange(fn: (state: Connection) => void): () => void {
  onConnection.add(fn);
  return () => onConnection.delete(fn);
}

/** Starts the one feed that all stores share. */
export function startFeed(): () => void {
  return api.subscribe({
    event(event) {
      for (const fn of [...(byType.get(event.type) ?? [])]) fn(event.data as never);
    },
    connection(state) {
      for (const fn of [...onConnection]) fn(state);
    },
  });
}
