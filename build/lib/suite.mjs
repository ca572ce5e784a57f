// Runs one suite of tests and counts what really ran.
//
//   node build/lib/suite.mjs NAME KIND COMMAND...
//
// KIND says how the command tells its results: "go" (go test -json), "vitest" or "node" (node --test). The counts are
// added to build/out/tests.jsonl, from which summary.mjs draws the closing line. A suite in which nothing ran, or whose
// command failed for another reason than a test, counts as one failure.
import { spawn } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import readline from "node:readline";
import { fileURLToPath } from "node:url";
import { goCounter } from "./gocount.mjs";

const [name, kind, command, ...args] = process.argv.slice(2);
const out = path.resolve("build/out");
const report = path.join(out, `${name}.json`);
mkdirSync(out, { recursive: true });
rmSync(report, { force: true });

const env = { ...process.env };
if (kind === "vitest") args.push("--", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`);
if (kind === "node") {
  const counter = path.join(path.dirname(fileURLToPath(import.meta.url)), "nodecount.mjs");
  env.NODE_OPTIONS = [
    env.NODE_OPTIONS,
    "--test-reporter=spec --test-reporter-destination=stdout",
    `--test-reporter=${counter} --test-reporter-destination=${report}`,
  ]
    .filter(Boolean)
    .join(" ");
}

console.log(`\n== ${name}`);
const began = Date.now();
const go = kind === "go" ? goCounter(console.log) : null;
const child = spawn(command, args, { env, stdio: ["ignore", go ? "pipe" : "inherit", "inherit"] });
if (go) readline.createInterface({ input: child.stdout }).on("line", go.line);
const code = await new Promise((resolve) => {
  child.once("error", (error) => {
    console.log(`${command}: ${error.message}`);
    resolve(1);
  });
  child.once("close", (status, signal) => resolve(signal ?? status));
});

const counts = { name, ...(go ? go.counts() : read()), seconds: Math.round((Date.now() - began) / 1000) };
if (counts.failed === 0 && code !== 0) {
  counts.failed = 1;
  console.log(`${name}: no test failed, but the command ended with ${code}`);
}
if (counts.failed === 0 && counts.passed === 0) {
  counts.failed = 1;
  console.log(`${name}: no test ran`);
}
if (go) writeFileSync(path.join(out, `${name}.skipped.json`), JSON.stringify(go.skipped()));
appendFileSync(path.join(out, "tests.jsonl"), `${JSON.stringify(counts)}\n`);
process.exit(counts.failed === 0 ? 0 : 1);

function read() {
  let result;
  try {
    result = JSON.parse(readFileSync(report, "utf8"));
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
  if (kind === "node") return result;
  return {
    passed: result.numPassedTests,
    failed: result.numFailedTests,
    skipped: result.numPendingTests + result.numTodoTests,
  };
}
