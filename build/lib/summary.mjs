// Draws the closing lines of `make test` from the counts of its suites; ends with 1 if anything failed.
import { readFileSync } from "node:fs";

const suites = readFileSync("build/out/tests.jsonl", "utf8").trim().split("\n").map((line) => JSON.parse(line));
const total = { passed: 0, failed: 0, skipped: 0 };
console.log();
for (const suite of suites) {
  for (const key of Object.keys(total)) total[key] += suite[key];
  const skipped = suite.skipped ? `, ${suite.skipped} skipped` : "";
  console.log(`${suite.name}: ${suite.passed} passed, ${suite.failed} failed${skipped} (${suite.seconds} s)`);
  for (const test of suite.again ?? []) console.log(`  passed only when it was run again: ${test}`);
}
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
