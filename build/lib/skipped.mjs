// Prints what to give `go test` to run just the tests that a suite skipped for want of a variable, which they name when
// they skip: -run PATTERN PACKAGE...
//
//   node build/lib/skipped.mjs SUITE VARIABLE
import { readFileSync } from "node:fs";

const [suite, variable] = process.argv.slice(2);
const all = JSON.parse(readFileSync(`build/out/${suite}.skipped.json`, "utf8"));
const skipped = all.filter(({ output }) => output.includes(variable));
const names = new Set(skipped.map(({ test }) => test.split("/")[0]));
const packages = new Set(skipped.map((entry) => entry.package));
// With nothing to run, a pattern that fits no test: the suite then fails as an empty one.
console.log("-run", names.size ? `^(${[...names].join("|")})$` : "^$", [...packages].join(" ") || ".");
