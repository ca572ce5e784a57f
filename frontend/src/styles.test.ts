// Style sheets and who uses them name the same classes: one that is missing is no error anywhere, only a page that looks wrong.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";

const SRC = import.meta.dirname;

const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).map(name => join(SRC, name));

function classesOf(sheet: string): Set<string> {
  const text = readFileSync(sheet, "utf8")
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/:global\([^)]*\)/g, "");
  return new Set([...text.matchAll(/\.([a-zA-Z][\w-]*)(?=[^{}]*\{)/g)].map(([, name = ""]) => name));
}

test("classes are in the style sheets, and used", () => {
  const used = new Map(files.filter(f => f.endsWith(".module.css")).map(f => [f, new Set<string>()]));
  expect(used.size).toBeGreaterThan(20);
  const missing: string[] = [];
  for (const file of files.filter(f => f.endsWith(".tsx"))) {
    const text = readFileSync(file, "utf8");
    for (const [, as, path = ""] of text.matchAll(/import (\w+) from "(\.[^"]+\.module\.css)"/g)) {
      const sheet = join(dirname(file), path);
      const known = classesOf(sheet);
      for (const [, name = ""] of text.matchAll(new RegExp(`\\b${as}\\.(\\w+)`, "g"))) {
        used.get(sheet)?.add(name);
        if (!known.has(name)) missing.push(`${relative(SRC, file)}: ${name}`);
      }
    }
  }
  expect(missing).toEqual([]);
  const unused = [...used].flatMap(([sheet, names]) =>
    [...classesOf(sheet)].filter(name => !names.has(name)).map(name => `${relative(SRC, sheet)}: ${name}`),
  );
  expect(unused).toEqual([]);
});
