import { useEffect } from "react";
import { api, type ConversationDetail, type NewChatFile } from "../api";
import { messageOf } from "../lib/errors";
import { onConnectionChange, onEvent } from "./feed";
import { perFrame } from "./frames";
import { createResource } from "./resource";
import { createStore, type Store, useStore } from "./store";
import {
  emptyThread,
  follows,
  hasGap,
  isStreaming,
  reduceThread,
  type Thread,
  type ThreadEvent,
} from "./thread";

export interface OpenThread {
  thread: Thread;
  /** Why the conversation could not be had; empty if it could. */
  error: string;
  loaded: boolean;
}

type Addressed = { conversation: string; event: ThreadEvent };

const nothing: OpenThread = { thread: emptyThread, error: "", loaded: false };
const RESYNC_MS = 300;
/** How many turns may change behind our back: the last question and its answer. Others tell of it. */
const TAIL = 2;

/** The conversations in view, by id. */
const open = new Map<
  string,
  { store: Store<OpenThread>; watchers: number; resync?: ReturnType<typeof setTimeout> }
>();

// Events of a conversation whose id is not known yet: those that overtook the answer to the call that started it.
let starting = 0;
let overtaking: Addressed[] = [];

const dispatch = perFrame<Addressed>(batch => {
  const touched = new Map<string, Thread>();
  for (const { conversation, event } of batch) {
    const entry = open.get(conversation);
    if (!entry) {
      if (starting > 0) overtaking.push({ conversation, event });
      continue;
    }
    touched.set(conversation, reduceThread(touched.get(conversation) ?? entry.store.get().thread, event));
  }
  for (const [conversation, thread] of touched) update(conversation, thread);
});

onEvent("chat.delta", delta =>
  dispatch({ conversation: delta.conversation, event: { type: "delta", delta } }),
);
onEvent("chat.turn", ({ conversation, turn }) => dispatch({ conversation, event: { type: "turn", turn } }));
// Titles change, and turns go when an answer is asked for again.
onEvent("chat.conversations", () => {
  for (const id of open.keys()) resync(id);
});
onConnectionChange(state => {
  if (state === "open") for (const id of open.keys()) void reload(id);
});

function update(id: string, thread: Thread) {
  const entry = open.get(id);
  if (!entry) return;
  entry.store.set({ ...entry.store.get(), thread });
  if (hasGap(thread)) resync(id);
}

// Asks for the conversation's end again, once for everything that happens in a moment.
function resync(id: string) {
  const entry = open.get(id);
  if (!entry || entry.resync !== undefined) return;
  entry.resync = setTimeout(() => {
    entry.resync = undefined;
    void reload(id, entry.store.get().thread.turns.length - TAIL);
  }, RESYNC_MS);
}

async function reload(id: string, first = 0): Promise<void> {
  const since = open.get(id)?.store.get().thread.clock ?? 0;
  try {
    adopt(await api.call("chat.get", { conversation: id, first: Math.max(first, 0) }), since);
  } catch (error) {
    const entry = open.get(id);
    entry?.store.set({ ...entry.store.get(), error: messageOf(error) });
  }
}

function adopt(detail: ConversationDetail, since: number) {
  const entry = open.get(detail.conversation.id);
  if (!entry) return;
  if (!follows(entry.store.get().thread, detail)) {
    void reload(detail.conversation.id);
    return;
  }
  const thread = reduceThread(entry.store.get().thread, { type: "snapshot", detail, since });
  entry.store.set({ thread, error: "", loaded: true });
}

function entryOf(id: string) {
  let entry = open.get(id);
  if (!entry) {
    entry = { store: createStore(nothing), watchers: 0 };
    open.set(id, entry);
  }
  return entry;
}

/** Keeps a conversation up to date as long as the calling view shows it. An empty id is no conversation. */
export function useThread(id: string): OpenThread {
  const store = id ? entryOf(id).store : noThread;
  useEffect(() => {
    if (!id) return;
    const entry = entryOf(id);
    entry.watchers++;
    if (!entry.store.get().loaded) void reload(id);
    return () => {
      entry.watchers--;
      // Left alone for a moment, because a view that changes place leaves before it comes.
      setTimeout(() => {
        if (entry.watchers > 0 || open.get(id) !== entry) return;
        clearTimeout(entry.resync);
        open.delete(id);
      }, 0);
    };
  }, [id]);
  return useStore(store);
}

const noThread = createStore<OpenThread>({ ...nothing, loaded: true });

/** Sends a text with files; an empty conversation starts a new one. Gives back the conversation's id. */
export async function send(
  conversation: string,
  model: string,
  text: string,
  files: NewChatFile[] = [],
): Promise<string> {
  const since = conversation ? (open.get(conversation)?.store.get().thread.clock ?? 0) : 0;
  if (!conversation) starting++;
  try {
    const detail = await api.call("chat.send", { conversation, model, text, files });
    const id = detail.conversation.id;
    entryOf(id);
    adopt(detail, since);
    if (!conversation) {
      for (const missed of overtaking) if (missed.conversation === id) dispatch(missed);
    }
    return id;
  } finally {
    if (!conversation && --starting === 0) overtaking = [];
  }
}

/** Asks again for the last answer, from another model if one is named. */
export async function retry(conversation: string, model = ""): Promise<void> {
  const since = open.get(conversation)?.store.get().thread.clock ?? 0;
  adopt(await api.call("chat.retry", { conversation, model }), since);
}

/** Sends another text in the place of a user's turn; what came after it is removed. */
export async function edit(conversation: string, turn: string, model: string, text: string): Promise<void> {
  const since = open.get(conversation)?.store.get().thread.clock ?? 0;
  adopt(await api.call("chat.edit", { conversation, turn, model, text }), since);
}

export function stop(conversation: string): Promise<unknown> {
  return api.call("chat.stop", { conversation });
}

/** Stops whatever is being written in view. Tells whether there was anything to stop. */
export function stopStreaming(): boolean {
  let found = false;
  for (const [id, entry] of open) {
    if (entry.watchers === 0 || !isStreaming(entry.store.get().thread)) continue;
    found = true;
    void stop(id);
  }
  return found;
}

/** The conversations that a search finds; one list at a time is in view. */
const query = createStore("");
export const conversations = createResource(
  () => api.call("chat.list", { query: query.get() }),
  [stale => onEvent("chat.conversations", stale), stale => query.subscribe(stale)],
);
export const conversationQuery = query;
