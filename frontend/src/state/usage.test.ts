import { expect, test } from "vitest";
import type { UsageRecord } from "../api";
import { mergeRecords, passes } from "./usage";

function record(of: Partial<UsageRecord>): UsageRecord {
  return {
    id: "req_1",
    startedAt: "2026-11-21T12:00:00Z",
    key: "",
    project: "",
    client: "",
    dialect: "",
    surface: "",
    stream: false,
    requestedModel: "gatehouse/active",
    model: "sim/echo",
    provider: "sim",
    inputTokens: null,
    cacheReadTokens: null,
    cacheWriteTokens: null,
    outputTokens: null,
    reasoningTokens: null,
    costPicoUSD: null,
    reportedCostPicoUSD: null,
    marketCostPicoUSD: null,
    costDifferencePicoUSD: null,
    otherCostPicoUSD: null,
    provenance: {
      inputTokens: "unknown",
      cacheReadTokens: "unknown",
      cacheWriteTokens: "unknown",
      outputTokens: "unknown",
      reasoningTokens: "unknown",
      costPicoUSD: "unknown",
    },
    tokensPerSecond: null,
    retries: 0,
    credentialType: "",
    notices: [],
    conversation: "",
    cacheSavedPicoUSD: null,
    bill: null,
    timeToFirstTokenMs: null,
    durationMs: null,
    outcome: "ok",
    status: 200,
    errorKind: "",
    error: "",
    finishReason: "",
    user: "",
    tags: [],
    rollout: "",
    arm: "",
    attempts: [],
    ...of,
  };
}

test("a request is one row from its start to its end", () => {
  const open = mergeRecords([], [record({ outcome: "open" })]);
  const settled = mergeRecords(open, [record({ outcome: "ok", outputTokens: 5 })]);
  expect(settled).toHaveLength(1);
  expect(settled[0]?.outputTokens).toBe(5);
});

test("a late opening does not undo the end", () => {
  const settled = [record({ outcome: "ok" })];
  expect(mergeRecords(settled, [record({ outcome: "open" })])[0]?.outcome).toBe("ok");
});

test("rows are newest first, however they come", () => {
  const a = record({ id: "req_a", startedAt: "2026-11-21T12:00:00Z" });
  const b = record({ id: "req_b", startedAt: "2026-11-21T12:00:01Z" });
  const c = record({ id: "req_c", startedAt: "2026-11-21T12:00:01Z" });
  expect(mergeRecords([b], [a, c]).map(r => r.id)).toEqual(["req_c", "req_b", "req_a"]);
});

test("a filter takes a model by either of its names", () => {
  const r = record({ project: "site" });
  expect(passes(r, { project: "", model: "" })).toBe(true);
  expect(passes(r, { project: "site", model: "sim/echo" })).toBe(true);
  expect(passes(r, { project: "", model: "gatehouse/active" })).toBe(true);
  expect(passes(r, { project: "other", model: "" })).toBe(false);
  expect(passes(r, { project: "", model: "sim/down" })).toBe(false);
});
