import { expect, test } from "vitest";
import { diffLines } from "./Diff";

test("a unified diff is taken apart", () => {
  const diff = [
    "--- a.jsonc",
    "+++ a.jsonc",
    "@@ -1,2 +1,2 @@",
    " {",
    '--- "x"',
    '+"y"\r',
    "@@ -9 +9 @@",
    " }",
    "\\ No newline at end of file",
    "",
  ].join("\n");
  expect(diffLines(diff)).toEqual([
    { kind: "same", text: "{" },
    { kind: "removed", text: '-- "x"' },
    { kind: "added", text: '"y"' },
    { kind: "gap", text: "…" },
    { kind: "same", text: "}" },
  ]);
  expect(diffLines("")).toEqual([]);
});
