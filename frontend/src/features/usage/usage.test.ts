import { expect, test } from "vitest";
import type { UsageAttempt, UsageFigures, UsagePrefix, UsageReport } from "../../api";
import { recordOf } from "../../state/records.fixture";
import { csvOf, jsonOf } from "./export";
import { changeText, formatShare, withUnknown } from "./figures";
import { brokenText, rereadText } from "./prefix";
import { drawingOf, stacked } from "./series";
import { spanOf } from "./Waterfall";

test("a change is spelled, where there is one", () => {
  expect(changeText(50)).toBe("+50 %");
  expect(changeText(-50)).toBe("−50 %");
  expect(changeText(0)).toBe("as before");
  expect(changeText(99_900)).toBe("over 10 times");
  expect(changeText(null)).toBe("");
});

test("a broken prefix says where, what was kept and what it took", () => {
  const p: UsagePrefix = {
    cause: "content",
    was: "",
    part: "user",
    number: 12,
    kept: 34,
    blocks: 40,
    after: "req_1",
    tokens: 5000,
    estimated: false,
    costPicoUSD: 13_500_000_000,
  };
  expect(brokenText(p)).toBe("Prefix broken at message 12 (user): 34 of 40 blocks kept");
  expect(brokenText({ ...p, part: "tools", number: 3 })).toMatch(/at tool 3:/);
  expect(brokenText({ ...p, part: "system", number: 0 })).toMatch(/at the system prompt:/);
  expect(brokenText({ ...p, cause: "model", was: "a/b" })).toMatch(
    /^Prefix broken by another model than a\/b: 34/,
  );
  expect(rereadText(p)).toBe("About 5,000 tokens were read anew; what that cost more is $0.0135.");
  expect(rereadText({ ...p, estimated: true, costPicoUSD: null })).toMatch(/\(an estimate\).* unknown\.$/);
  expect(rereadText({ ...p, costPicoUSD: 0 })).toMatch(/cost nothing\.$/);
  expect(rereadText({ ...p, tokens: 0 })).toMatch(/^Nothing/);
});

test("unknown is neither nothing nor a sum", () => {
  expect(formatShare(null)).toBe("unknown");
  expect(formatShare(0)).toBe("0 %");
  expect(formatShare(0.0123)).toBe("1.2 %");
  expect(withUnknown("unknown", 3)).toBe("unknown");
  expect(withUnknown("$1.00", 3)).toBe("$1.00+");
  expect(withUnknown("$1.00", 0)).toBe("$1.00");
});

test("a file for spreadsheets has no formulas, and nothing where nothing is known", () => {
  const text = csvOf([
    recordOf({
      client: "=cmd()",
      error: 'said "no",\nthen left',
      costPicoUSD: 1_500_000_000_000,
      inputTokens: 7,
    }),
  ]);
  const [head = "", ...rest] = text.split("\r\n");
  const row = rest.join("\r\n");
  expect(head.split(",").slice(0, 3)).toEqual(["id", "startedAt", "outcome"]);
  expect(row).toContain(",'=cmd(),");
  expect(row).toContain(',"said ""no"",\nthen left"');
  expect(row).toContain(",7,,,,,1.5,,");
  expect(JSON.parse(jsonOf([recordOf({ id: "req_9" })]))[0].id).toBe("req_9");
});

function figures(requests: number, costPicoUSD: number): UsageFigures {
  return { requests, costPicoUSD } as UsageFigures;
}

test("bars are made of groups, and what is in none of those shown is one more part", () => {
  const cells = (n: number) => [{ requests: n, errors: 0, tokens: 0, costPicoUSD: n }];
  const report = {
    buckets: [{ figures: figures(100, 100), others: cells(16)[0] }],
    groups: [30, 20, 10, 9, 8, 7, 6].map(n => ({ name: `m${n}`, cells: cells(n) })),
    otherGroups: 2,
  } as unknown as UsageReport;
  const { series } = drawingOf(report, "model", "requests");
  expect(series.map(s => s.label)).toEqual(["m30", "m20", "m10", "m9", "m8", "m7", "3 others"]);
  expect(series.at(-1)?.values).toEqual([16]);
  expect(stacked(series).map(s => s[0])).toEqual([30, 50, 60, 69, 77, 84, 100]);
  expect(drawingOf(report, "tag", "requests").series).toEqual([{ label: "All", values: [100] }]);
});

test("an attempt stands where it was in the request's time", () => {
  const attempt = (at: string, durationMs: number) => ({ at, durationMs }) as UsageAttempt;
  const first = attempt("2026-11-21T12:00:00Z", 1000);
  const second = attempt("2026-11-21T12:00:01Z", 3000);
  const r = recordOf({ startedAt: "2026-11-21T12:00:00Z", durationMs: 4000, attempts: [first, second] });
  expect(spanOf(r, first)).toEqual({ left: 0, width: 25 });
  expect(spanOf(r, second)).toEqual({ left: 25, width: 75 });
  // One that was given up still ran when the request was over.
  expect(spanOf({ ...r, durationMs: 2000 }, second)).toEqual({ left: 25, width: 75 });
});
