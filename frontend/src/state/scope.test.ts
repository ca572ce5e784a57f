import { expect, test } from "vitest";
import { recordOf } from "./records.fixture";
import { boundsOf, bucketOf, filterOf, isNarrowed, passes, type Scope, WHOLE } from "./scope";

const now = new Date("2026-11-21T15:30:00");
const of = (change: Partial<Scope>): Scope => ({ ...WHOLE, range: "all", ...change });

test("ranges begin with a day of the user", () => {
  const from = (range: Scope["range"]) => new Date(boundsOf(of({ range }), now).from ?? 0).toString();
  expect(from("today")).toBe(new Date("2026-11-21T00:00:00").toString());
  expect(from("7d")).toBe(new Date("2026-11-15T00:00:00").toString());
  expect(from("30d")).toBe(new Date("2026-10-23T00:00:00").toString());
  expect(from("month")).toBe(new Date("2026-11-01T00:00:00").toString());
  expect(boundsOf(of({ range: "all" }), now)).toEqual({ from: null, to: null });
  const custom = { from: "2026-01-01T00:00:00Z", to: "2026-02-01T00:00:00Z" };
  expect(boundsOf(of({ range: "custom", ...custom }), now)).toEqual(custom);
});

test("bars are as wide as the range asks for", () => {
  expect(bucketOf("2026-11-21T00:00:00Z", null, now)).toBe("hour");
  expect(bucketOf("2026-10-23T00:00:00Z", null, now)).toBe("day");
  expect(bucketOf("2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z", now)).toBe("month");
});

test("no name is a name: it finds the requests that have none", () => {
  expect(filterOf(of({})).projects).toEqual([]);
  expect(filterOf(of({ names: { project: "" } })).projects).toEqual([""]);
  expect(isNarrowed(of({ names: { project: "" } }))).toBe(true);
  expect(passes(recordOf({ project: "" }), of({ names: { project: "" } }), now)).toBe(true);
  expect(passes(recordOf({ project: "site" }), of({ names: { project: "" } }), now)).toBe(false);
});

test("an event belongs to a scope where the history would find it", () => {
  const r = recordOf({
    project: "site",
    tags: ["a", "b"],
    error: "Overloaded",
    outcome: "error",
    startedAt: "2026-11-21T12:00:00Z",
  });
  const yes: Partial<Scope>[] = [
    {},
    { names: { project: "site", model: "sim/echo", tag: "b" } },
    { text: "OVERLOAD" },
    { outcome: "error" },
    { range: "custom", from: "2026-11-21T12:00:00Z", to: "2026-11-21T12:00:01Z" },
  ];
  const no: Partial<Scope>[] = [
    { names: { project: "other" } },
    { names: { model: "gatehouse/active" } }, // it was served by another
    { names: { tag: "c" } },
    { text: "refused" },
    { outcome: "ok" },
    { broken: true },
    { range: "custom", from: null, to: "2026-11-21T12:00:00Z" },
    { range: "custom", from: "2026-11-21T12:00:01Z", to: null },
  ];
  for (const change of yes) expect(passes(r, of(change), now), JSON.stringify(change)).toBe(true);
  for (const change of no) expect(passes(r, of(change), now), JSON.stringify(change)).toBe(false);
});
