import { expect, test } from "vitest";
import type { ComparedAnswer, ComparisonDetail } from "../api";
import { answersTo, applyAnswer, applyDelta, applySnapshot, type Compared } from "./compared";

const answer = (prompt: number, model: string, more: Partial<ComparedAnswer> = {}): ComparedAnswer => ({
  prompt,
  model,
  answeredBy: "",
  provider: "",
  state: "waiting",
  text: "",
  reasoning: "",
  error: "",
  seq: 0,
  inputTokens: null,
  outputTokens: null,
  costPicoUSD: null,
  timeToFirstTokenMs: null,
  durationMs: null,
  tokensPerSecond: null,
  ...more,
});

const detail = (): ComparisonDetail => ({
  comparison: {
    id: "c",
    prompts: ["one", "two"],
    models: ["a", "b"],
    system: "",
    temperature: null,
    createdAt: "2026-11-21T12:00:00Z",
    state: "running",
    ended: 0,
    winners: ["", ""],
  },
  answers: [answer(0, "a"), answer(0, "b"), answer(1, "a"), answer(1, "b")],
  totals: [],
});
const start = (): Compared => ({ detail: detail(), gap: false });
const delta = (seq: number, text: string) => ({
  comparison: "c",
  prompt: 1,
  model: "b",
  seq,
  text,
  reasoning: "",
});

test("deltas add up in their answer, repeated ones do not", () => {
  let known = start();
  for (const d of [delta(1, "x"), delta(1, "x"), delta(2, "y")]) known = applyDelta(known, d);
  expect(answersTo(known.detail, 1).map(a => a.text)).toEqual(["", "xy"]);
  expect(answersTo(known.detail, 1)[1]?.state).toBe("streaming");
});

test("a lost delta is noticed, and made up for by a snapshot or the end", () => {
  let known = applyDelta(start(), delta(2, "y"));
  expect(known.gap).toBe(true);
  const snapshot = detail();
  snapshot.answers[3] = answer(1, "b", { state: "streaming", seq: 2, text: "xy" });
  known = applySnapshot(known, snapshot);
  expect(known.gap).toBe(false);
  expect(answersTo(known.detail, 1)[1]?.text).toBe("xy");
  const end = answer(1, "b", { state: "done", seq: 4, text: "xyz" });
  known = applyAnswer(known, { comparison: "c", ended: 3, answer: end });
  expect(known.detail.comparison.ended).toBe(3);
  expect(applyDelta(known, delta(3, "late"))).toBe(known);
  expect(answersTo(applySnapshot(known, snapshot).detail, 1)[1]?.text).toBe("xyz");
});

test("the news of a beginning takes nothing away", () => {
  const known = applyDelta(start(), delta(1, "x"));
  const began = { comparison: "c", ended: 0, answer: answer(1, "b", { state: "streaming" }) };
  expect(applyAnswer(known, began)).toBe(known);
});
