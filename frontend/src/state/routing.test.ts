import { expect, test } from "vitest";
import type { Route } from "../api";
import { NOBODY, routeCommand, routeSentence } from "./routing";

test.each([
  [{ model: "sim/echo" }, "gatehouse route sim/echo --explain"],
  [{ model: "my model's" }, "gatehouse route 'my model'\\''s' --explain"],
  [
    {
      model: "a/b",
      protocol: "messages" as const,
      options: ' {"sort":"cost"} ',
      key: "lap top",
      project: "site",
      hour: 0,
    },
    `gatehouse route a/b --explain --protocol messages --options '{"sort":"cost"}' --key 'lap top' --project site --hour 0`,
  ],
])("%j is a command", (query, command) => {
  expect(routeCommand({ ...NOBODY, ...query })).toBe(command);
});

const attempt = (providerName: string, model: string, credential = "") => ({
  provider: providerName.toLowerCase(),
  providerName,
  credential,
  model,
  upstream: model,
  protocol: "chat-completions",
  translated: false,
  probe: false,
  firstTokenTimeoutMs: 0,
  idleTimeoutMs: 0,
  totalTimeoutMs: 0,
  reason: "",
});

test("what would be tried is said in one sentence", () => {
  const route = (...attempts: Route["attempts"]) => ({ attempts }) as Route;
  expect(routeSentence(route())).toBe("Nothing would be tried.");
  expect(
    routeSentence(route(attempt("A", "a/x", "work"), attempt("Gateway", "a/x"), attempt("B", "b/y"))),
  ).toBe("This request would try A (work) with a/x, then Gateway, then B with b/y.");
  const many = Array.from({ length: 6 }, () => attempt("A", "a/x"));
  expect(routeSentence(route(...many))).toBe(
    "This request would try A with a/x, then A, then A, then A, then 2 others.",
  );
});
