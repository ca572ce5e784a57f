import { describe, expect, test } from "vitest";
import type { ChatDelta, Conversation, Turn } from "../api";
import {
  emptyThread,
  follows,
  hasGap,
  isStreaming,
  reduceThread,
  type Thread,
  type ThreadEvent,
} from "./thread";

const conversation: Conversation = {
  id: "c1",
  title: "t",
  model: "sim/echo",
  createdAt: "2026-11-21T12:00:00Z",
  updatedAt: "2026-11-21T12:00:00Z",
  turns: 1,
  pinned: false,
  configured: false,
  system: "",
  temperature: null,
  snippet: "",
};

function turn(of: Partial<Turn> = {}): Turn {
  return {
    id: "a1",
    role: "assistant",
    text: "",
    reasoning: "",
    at: "2026-11-21T12:00:00Z",
    files: [],
    tools: [],
    request: "",
    attempts: [],
    reasoningMs: null,
    state: "streaming",
    error: "",
    model: "sim/echo",
    provider: "sim",
    seq: 0,
    inputTokens: null,
    outputTokens: null,
    costPicoUSD: null,
    timeToFirstTokenMs: null,
    durationMs: null,
    ...of,
  };
}

const delta = (seq: number, text: string, reasoning = ""): ThreadEvent => ({
  type: "delta",
  delta: {
    conversation: "c1",
    turn: "a1",
    seq,
    text,
    reasoning,
    reasoningMs: reasoning ? 5 : null,
  } satisfies ChatDelta,
});
const changed = (of: Partial<Turn> = {}): ThreadEvent => ({ type: "turn", turn: turn(of) });
const snapshot = (turns: Turn[], since = 0, first = 0): ThreadEvent => ({
  type: "snapshot",
  detail: { conversation: { ...conversation, turns: first + turns.length }, first, turns },
  since,
});

const run = (events: ThreadEvent[], from: Thread = emptyThread) => events.reduce(reduceThread, from);
const textOf = (thread: Thread, id = "a1") => thread.turns.find(t => t.turn.id === id)?.turn.text;

describe("deltas", () => {
  test("in order add up, text and reasoning apart", () => {
    const thread = run([changed(), delta(1, "", "hm"), delta(2, "Hel"), delta(3, "lo")]);
    expect(textOf(thread)).toBe("Hello");
    expect(thread.turns[0]?.turn.reasoning).toBe("hm");
    expect(thread.turns[0]?.turn.seq).toBe(3);
    expect(isStreaming(thread)).toBe(true);
  });

  test("that come twice count once", () => {
    expect(textOf(run([changed(), delta(1, "a"), delta(1, "a"), delta(2, "b"), delta(1, "a")]))).toBe("ab");
  });

  test("out of order wait for the one before", () => {
    const waiting = run([changed(), delta(2, "b"), delta(3, "c")]);
    expect(textOf(waiting)).toBe("");
    expect(hasGap(waiting)).toBe(true);
    const whole = run([delta(1, "a")], waiting);
    expect(textOf(whole)).toBe("abc");
    expect(hasGap(whole)).toBe(false);
  });

  test("in every order give the same text", () => {
    const pieces = ["a", "b", "c", "d"];
    const orders = (items: number[]): number[][] =>
      items.length < 2
        ? [items]
        : items.flatMap((x, i) => orders(items.toSpliced(i, 1)).map(rest => [x, ...rest]));
    for (const order of orders([1, 2, 3, 4])) {
      expect(textOf(run([changed(), ...order.map(seq => delta(seq, pieces[seq - 1] ?? ""))]))).toBe("abcd");
    }
  });

  test("that are lost are healed by the turn's end", () => {
    const gap = run([changed(), delta(1, "a"), delta(3, "c")]);
    expect(textOf(gap)).toBe("a");
    const healed = run([changed({ text: "abc", seq: 3, state: "done" })], gap);
    expect(textOf(healed)).toBe("abc");
    expect(hasGap(healed)).toBe(false);
    expect(isStreaming(healed)).toBe(false);
  });

  test("that are lost are healed by a snapshot in between, which later deltas continue", () => {
    const gap = run([changed(), delta(1, "a"), delta(3, "c"), delta(5, "e")]);
    const healed = run([snapshot([turn({ text: "abcd", seq: 4 })], gap.clock)], gap);
    expect(textOf(healed)).toBe("abcde");
    expect(hasGap(healed)).toBe(false);
  });

  test("after the end, or of an unknown turn, change nothing", () => {
    const done = run([changed({ text: "ab", seq: 2, state: "done" })]);
    expect(run([delta(3, "x")], done)).toBe(done);
    expect(run([delta(1, "x")])).toBe(emptyThread);
  });

  test("beyond the limit of what is kept are dropped, and the end still heals", () => {
    const many = Array.from({ length: 400 }, (_, i) => delta(i + 2, "x"));
    const gap = run([changed(), ...many]);
    expect(gap.turns[0]?.early.size).toBe(256);
    expect(textOf(run([changed({ text: "whole", seq: 401, state: "done" })], gap))).toBe("whole");
  });
});

describe("turns and snapshots", () => {
  test("a late beginning does not undo what is known", () => {
    const thread = run([changed(), delta(1, "a"), delta(2, "b")]);
    expect(textOf(run([changed({ seq: 0 })], thread))).toBe("ab");
    const done = run([changed({ text: "ab", seq: 2, state: "done" })], thread);
    expect(run([changed({ text: "a", seq: 1 })], done).turns[0]?.turn.state).toBe("done");
  });

  test("a snapshot that events overtook does not undo them", () => {
    const asked = run([changed()]);
    const ahead = run([delta(1, "a"), delta(2, "b")], asked);
    expect(textOf(run([snapshot([turn({ text: "a", seq: 1 })], asked.clock)], ahead))).toBe("ab");
  });

  test("a turn that began after the snapshot was asked for stays, one before it that is gone goes", () => {
    const asked = run([changed({ id: "old" })]);
    const later = run([changed({ id: "new" })], asked);
    const thread = run([snapshot([turn({ id: "u1", role: "user", state: "done" })], asked.clock)], later);
    expect(thread.turns.map(t => t.turn.id)).toEqual(["u1", "new"]);
  });

  test("an answer that is asked for again under the same id begins anew", () => {
    const failed = run([changed({ text: "half", seq: 9, state: "failed", error: "down" })]);
    const again = run([changed({ at: "2026-11-21T12:01:00Z" }), delta(1, "fresh")], failed);
    expect(textOf(again)).toBe("fresh");
    expect(isStreaming(again)).toBe(true);
  });

  test("a part of the conversation leaves what is before it, and cuts off what is behind its end", () => {
    const known = run([snapshot(["u1", "a1", "u2", "a2"].map(id => turn({ id, state: "done" })))]);
    const answered = run([snapshot([turn({ id: "a2", state: "done", text: "new" })], known.clock, 3)], known);
    expect(answered.turns.map(t => t.turn.id)).toEqual(["u1", "a1", "u2", "a2"]);
    expect(answered.turns[0]).toBe(known.turns[0]);
    expect(textOf(answered, "a2")).toBe("new");
    const elsewhere = { ...conversation, turns: 2 };
    const cut: ThreadEvent = {
      type: "snapshot",
      detail: { conversation: elsewhere, first: 2, turns: [] },
      since: known.clock,
    };
    expect(run([cut], known).turns.map(t => t.turn.id)).toEqual(["u1", "a1"]);
    const far = { conversation: { ...conversation, turns: 9 }, first: 7, turns: [] };
    expect([follows(known, far), follows(known, { ...far, first: 4 })]).toEqual([false, true]);
  });

  test("turns that did not change keep their identity", () => {
    const before = run([snapshot([turn({ id: "u1", role: "user", state: "done" }), turn()])]);
    const after = run([delta(1, "x")], before);
    expect(after.turns[0]).toBe(before.turns[0]);
    expect(after.turns[1]).not.toBe(before.turns[1]);
  });
});
