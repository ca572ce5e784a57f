import { expect, test } from "vitest";
import { parseRoute, routeHash } from "./route";

test.each([
  ["", { page: "start", item: "" }],
  ["#/", { page: "start", item: "" }],
  ["#/usage", { page: "usage", item: "" }],
  ["#/chat/c1", { page: "chat", item: "c1" }],
  ["#/chat/a%2Fb", { page: "chat", item: "a/b" }],
  ["#/chat/%E0%A4%A", { page: "chat", item: "" }],
  ["#/nonsense/x", { page: "start", item: "" }],
])("%s is a place", (hash, route) => {
  expect(parseRoute(hash)).toEqual(route);
});

test("a place survives its address", () => {
  expect(parseRoute(routeHash("chat", "a/b c"))).toEqual({ page: "chat", item: "a/b c" });
});
