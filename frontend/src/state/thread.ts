// What is known of one conversation, as a pure function of snapshots and events. Deltas may be lost, repeated or come
// out of order; snapshots may be older than the events that overtook them.
import type { ChatDelta, Conversation, ConversationDetail, Turn } from "../api";

/** How many deltas that came too early are kept for a turn. More means that something was lost. */
const EARLY_LIMIT = 256;

export interface ThreadTurn {
  turn: Turn;
  /** When the thread first saw the turn, in its own count of changes. */
  seen: number;
  /** Deltas beyond a gap, by their sequence number. */
  early: ReadonlyMap<number, ChatDelta>;
}

export interface Thread {
  conversation: Conversation | null;
  turns: readonly ThreadTurn[];
  /** Counts the changes; a snapshot says which count it was asked for at. */
  clock: number;
}

export type ThreadEvent =
  | { type: "delta"; delta: ChatDelta }
  | { type: "turn"; turn: Turn }
  /** An answer that holds the conversation from a turn on; since is the clock when it was asked for. */
  | { type: "snapshot"; detail: ConversationDetail; since: number };

export const emptyThread: Thread = { conversation: null, turns: [], clock: 0 };

const NONE: ReadonlyMap<number, ChatDelta> = new Map();

export function reduceThread(thread: Thread, event: ThreadEvent): Thread {
  switch (event.type) {
    case "delta":
      return applyDelta(thread, event.delta);
    case "turn":
      return applyTurn(thread, event.turn);
    case "snapshot":
      return applySnapshot(thread, event.detail, event.since);
  }
}

/** Tells whether a turn misses a delta, so that asking for the conversation again would show more. */
export function hasGap(thread: Thread): boolean {
  return thread.turns.some(t => t.early.size > 0);
}

/** Tells whether a part of the conversation follows on what is known of it. */
export function follows(thread: Thread, detail: ConversationDetail): boolean {
  return detail.first <= thread.turns.length || detail.conversation.turns <= thread.turns.length;
}

/** Tells whether an answer is being written. */
export function isStreaming(thread: Thread): boolean {
  return thread.turns.some(t => t.turn.role === "assistant" && t.turn.state === "streaming");
}

function applyDelta(thread: Thread, delta: ChatDelta): Thread {
  const index = thread.turns.findIndex(t => t.turn.id === delta.turn);
  const known = thread.turns[index];
  if (known?.turn.state !== "streaming" || delta.seq <= known.turn.seq) return thread;
  if (known.early.has(delta.seq) || known.early.size >= EARLY_LIMIT) return thread;
  const early = new Map(known.early).set(delta.seq, delta);
  return replaceAt(thread, index, { ...known, ...catchUp(known.turn, early) });
}

// Adds the deltas that follow the turn without a gap and keeps the rest.
function catchUp(turn: Turn, early: ReadonlyMap<number, ChatDelta>): Pick<ThreadTurn, "turn" | "early"> {
  if (early.size === 0 || turn.state !== "streaming") return { turn, early: NONE };
  const rest = new Map(early);
  let { seq, text, reasoning, reasoningMs } = turn;
  for (const known of rest.keys()) if (known <= seq) rest.delete(known);
  for (let next = rest.get(seq + 1); next; next = rest.get(seq + 1)) {
    seq = next.seq;
    text += next.text;
    reasoning += next.reasoning;
    reasoningMs = next.reasoningMs;
    rest.delete(seq);
  }
  return {
    turn: seq === turn.seq ? turn : { ...turn, seq, text, reasoning, reasoningMs },
    early: rest.size > 0 ? rest : NONE,
  };
}

function applyTurn(thread: Thread, turn: Turn): Thread {
  const index = thread.turns.findIndex(t => t.turn.id === turn.id);
  const known = thread.turns[index];
  if (!known) {
    return {
      ...thread,
      clock: thread.clock + 1,
      turns: [...thread.turns, { turn, seen: thread.clock + 1, early: NONE }],
    };
  }
  const merged = { ...known, ...catchUp(newer(known.turn, turn), known.early) };
  return merged.turn === known.turn && merged.early === known.early
    ? thread
    : replaceAt(thread, index, merged);
}

function applySnapshot(thread: Thread, detail: ConversationDetail, since: number): Thread {
  const before = thread.turns.slice(0, Math.min(detail.first, detail.conversation.turns));
  const byId = new Map(thread.turns.slice(before.length).map(t => [t.turn.id, t]));
  const clock = thread.clock + 1;
  const turns = detail.turns.map(turn => {
    const known = byId.get(turn.id);
    byId.delete(turn.id);
    return known
      ? { ...known, ...catchUp(newer(known.turn, turn), known.early) }
      : { turn, seen: clock, early: NONE };
  });
  // A turn that the snapshot lacks is gone, unless it began after the snapshot was asked for.
  for (const rest of byId.values()) if (rest.seen > since) turns.push(rest);
  return { conversation: detail.conversation, turns: [...before, ...turns], clock };
}

// Picks the later of two views of the same turn. The older one's object is kept where they are equal in age.
function newer(ours: Turn, theirs: Turn): Turn {
  const ourStart = Date.parse(ours.at);
  const theirStart = Date.parse(theirs.at);
  if (theirStart !== ourStart) return theirStart > ourStart ? theirs : ours;
  if (theirs.state !== "streaming") return theirs;
  if (ours.state !== "streaming") return ours;
  return theirs.seq >= ours.seq ? theirs : ours;
}

function replaceAt(thread: Thread, index: number, turn: ThreadTurn): Thread {
  const turns = [...thread.turns];
  turns[index] = turn;
  return { ...thread, turns, clock: thread.clock + 1 };
}
