// Who may import whom. A feature never imports another; only api knows the transports.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";

const SRC = import.meta.dirname;

/** Which rooms each room may import, besides itself. */
const ALLOWED: Record<string, string[]> = {
  lib: [],
  api: ["lib"],
  ui: ["lib"],
  state: ["api", "lib", "ui"],
  actions: ["api", "lib", "state", "ui"],
  features: ["actions", "api", "lib", "state", "ui"],
  app: ["actions", "api", "features", "lib", "state", "ui"],
};

function sources(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap(entry => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.tsx?$/.test(entry.name) && !/\.test\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

function room(path: string): string {
  const [first = "", second = ""] = relative(SRC, path).split("/");
  return first === "features" ? `features/${second}` : first;
}

const floor = (name: string) => name.split("/")[0] ?? "";

test("imports keep to the plan of the house", () => {
  const wrong: string[] = [];
  const files = sources(SRC);
  expect(files.length).toBeGreaterThan(50);
  for (const file of files) {
    const from = room(file);
    if (!(floor(from) in ALLOWED)) continue;
    for (const [, target = ""] of readFileSync(file, "utf8").matchAll(
      /(?:from|import)\s*\(?\s*"(\.[^"]+)"/g,
    )) {
      const to = room(join(dirname(file), target));
      if (to !== from && !ALLOWED[floor(from)]?.includes(floor(to)))
        wrong.push(`${relative(SRC, file)} -> ${target}`);
      if (floor(to) === "features" && floor(from) === "features" && to !== from) {
        wrong.push(`${relative(SRC, file)} -> ${target}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});

test("only api knows the transports", () => {
  const knows = sources(SRC).filter(file =>
    /\bEventSource\b|\bfetch\(|window\.(go|runtime)\b/.test(readFileSync(file, "utf8")),
  );
  expect(knows.map(room).filter(name => name !== "api")).toEqual([]);
});
