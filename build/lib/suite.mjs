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
const first = await runOnce(args, env);
const counts = { ...first, name };
if (first.failures?.length > 0 && process.env.GATEHOUSE_TEST_AGAIN) await again();
delete counts.failures;
counts.seconds = Math.round((Date.now() - began) / 1000);
if (kind === "go") writeFileSync(path.join(out, `${name}.skipped.json`), JSON.stringify(first.skippedTests));
delete counts.skippedTests;
appendFileSync(path.join(out, "tests.jsonl"), `${JSON.stringify(counts)}\n`);
process.exit(counts.failed === 0 ? 0 : 1);

// Tests that drive a whole desktop meet a machine's bad moments. Those that failed are run once more, alone; what passes
// then is counted as passed, and named in the end as what needed it.
async function again() {
  const missed = first.failures;
  console.log(`\n== ${name}, once more: ${missed.map(({ test }) => test).join("; ")}`);
  const files = [...new Set(missed.map(({ file }) => file))].join(" ");
  const tests = missed.map(({ test }) => test.split("/")[0]).join("|");
  const second =
    kind === "go"
      ? await runOnce([...args, "-run", `^(${tests})$`], env)
      : await runOnce(args, { ...env, GATEHOUSE_TEST_FILES: files });
  const failed = new Set(second.failures.map(({ test }) => test));
  counts.failed = Math.min(second.failed, first.failed);
  counts.passed += first.failed - counts.failed;
  counts.again = missed.map(({ test }) => test).filter((test) => second.passed > 0 && !failed.has(test));
}

async function runOnce(args, env) {
  const go = kind === "go" ? goCounter(console.log) : null;
  rmSync(report, { force: true });
  const child = spawn(command, args, { env, stdio: ["ignore", go ? "pipe" : "inherit", "inherit"] });
  if (go) readline.createInterface({ input: child.stdout }).on("line", go.line);
  const code = await new Promise((resolve) => {
    child.once("error", (error) => {
      console.log(`${command}: ${error.message}`);
      resolve(1);
    });
    child.once("close", (status, signal) => resolve(signal ?? status));
  });
  const counts = go ? { ...go.counts(), skippedTests: go.skipped() } : read();
  if (counts.failed === 0 && code !== 0) {
    counts.failed = 1;
    console.log(`${name}: no test failed, but the command ended with ${code}`);
  }
  if (counts.failed === 0 && counts.passed === 0) {
    counts.failed = 1;
    console.log(`${name}: no test ran`);
  }
  return counts;
}

function read() {
  let result;
  try {
    result = JSON.parse(readFileSync(report, "utf8"));
  } catch {
    return { passed: 0, failed: 0, skipped: 0, failures: [] };
  }
  if (kind === "node") return result;
  return {
    passed: result.numPassedTests,
    failed: result.numFailedTests,
    skipped: result.numPendingTests + result.numTodoTests,
  };
}
