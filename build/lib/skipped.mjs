// Prints what to give `go test` to run just the tests that a suite skipped: -run PATTERN PACKAGE...
import { readFileSync } from "node:fs";

const skipped = JSON.parse(readFileSync(`build/out/${process.argv[2]}.skipped.json`, "utf8"));
const names = new Set(skipped.map(({ test }) => test.split("/")[0]));
const packages = new Set(skipped.map((entry) => entry.package));
console.log("-run", names.size ? `^(${[...names].join("|")})$` : "^$", [...packages].join(" ") || ".");
