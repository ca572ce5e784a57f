import { expect, test } from "vitest";
import { byFile } from "./files";

test("a diff of several files is taken apart", () => {
  const diff = [
    "--- /dev/null",
    "+++ /srv/a/.env",
    "@@ -0,0 +1,2 @@",
    "+A=1",
    "+B=2",
    "--- /srv/a/settings.json",
    "+++ /srv/a/settings.json",
    "@@ -1 +1 @@",
    "--- a list",
    "+++ a list",
    " }",
    "--- /srv/b",
    "+++ /dev/null",
    "@@ -1 +0,0 @@",
    "-x",
    "",
  ].join("\n");
  const parts = byFile(diff);
  expect(parts.map(p => [p.path, p.made, p.gone])).toEqual([
    ["/srv/a/.env", true, false],
    ["/srv/a/settings.json", false, false],
    ["/srv/b", false, true],
  ]);
  expect(parts[1]?.text).toBe("@@ -1 +1 @@\n--- a list\n+++ a list\n }\n");
  expect(byFile("")).toEqual([]);
});
