import { expect, test } from "vitest";
import { formatAgo, formatDuration, formatMoment, formatTime } from "./time";

test.each([
  [null, "unknown"],
  [0, "0 ms"],
  [999, "999 ms"],
  [1000, "1.0 s"],
  [59_949, "59.9 s"],
  [59_950, "1 min 0 s"],
  [65_000, "1 min 5 s"],
  [3_660_000, "1 h 1 min"],
])("%s ms are %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

const now = new Date("2026-11-21T12:00:00Z");

test.each([
  ["2026-11-21T11:59:50Z", "just now"],
  ["2026-11-21T11:55:00Z", "5 min ago"],
  ["2026-11-21T09:00:00Z", "3 h ago"],
  ["2026-11-20T12:00:00Z", "1 day ago"],
  ["2026-11-11T12:00:00Z", "10 days ago"],
  ["2026-12-21T12:00:00Z", "in 30 days"],
  ["not a time", "unknown"],
])("%s is %s", (at, text) => {
  expect(formatAgo(at, now)).toBe(text);
});

test("only another day's time names the day", () => {
  const today = formatTime(now.toISOString(), now);
  expect(today).toMatch(/^\d\d:\d\d:\d\d$/);
  expect(formatTime("2026-11-01T12:00:00Z", now)).toMatch(/Nov/);
  expect(formatTime("", now)).toBe("unknown");
  expect(formatMoment("")).toBe("unknown");
});
