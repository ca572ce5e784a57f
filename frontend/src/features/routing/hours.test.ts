import { expect, test } from "vitest";
import { hourSpans } from "./hours";

test.each([
  [[], []],
  [[3], ["03:00 to 03:59"]],
  [
    [5, 3, 4, 9],
    ["03:00 to 05:59", "09:00 to 09:59"],
  ],
  [[0, 22, 23], ["22:00 to 00:59"]],
  [Array.from({ length: 24 }, (_, hour) => hour), ["any hour"]],
])("hours %j are spans", (hours, spans) => {
  expect(hourSpans(hours)).toEqual(spans);
});
