import type { Calls, Events, UsageExport } from "./contract.gen";

export type Method = keyof Calls;
export type EventType = keyof Events;

/** One event of the feed, as a union over all types. */
export type AnyEvent = { [T in EventType]: { seq: number; type: T; data: Events[T] } }[EventType];

/** The parameters of a call; a call without any may leave them out. */
export type Args<M extends Method> =
  Record<string, never> extends Calls[M]["params"] ? [] : [params: Calls[M]["params"]];

/**
 * The state of the event feed. "open" is told on every (re)connection and means that whatever was shown may be stale;
 * "broken" that the feed is being reconnected; "ended" that this browser's session is over for good.
 */
export type Connection = "open" | "broken" | "ended";

export interface Handlers {
  event(event: AnyEvent): void;
  connection(state: Connection): void;
}

/** Everything the pages can ask of Gatehouse, whichever way they are connected. */
export interface Client {
  readonly kind: "window" | "browser";
  /** Runs a call. It rejects with a CallError. */
  call<M extends Method>(method: M, ...args: Args<M>): Promise<Calls[M]["result"]>;
  /** Starts the event feed; the function it gives back ends it. */
  subscribe(handlers: Handlers): () => void;
  /** Puts a text on the clipboard. It rejects if the clipboard can't be reached. */
  copy(text: string): Promise<void>;
  /** Opens an address in the user's browser. */
  open(address: string): void;
  /** Writes a table of requests or totals to a file. */
  exportTable(query: Omit<UsageExport, "path">): Promise<Written>;
  /** Writes a backup of the database to a file. */
  backUp(): Promise<Written>;
  /**
   * Puts back the requests of a backup and gives their number; null where the user chose no file. The window asks for the file
   * itself, a browser is given it.
   */
  restore(file: File | null): Promise<number | null>;
}

/** Where a file was written; "downloads" where the browser has it, null where the user chose none. */
export type Written = { path: string } | "downloads" | null;

/** The name that is proposed for a file. */
export function proposedName(what: string, ending: string, now: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  const day = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  return `gatehouse-${what}-${day}-${two(now.getHours())}${two(now.getMinutes())}.${ending}`;
}
