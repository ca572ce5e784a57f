// Reads the lines of `go test -json`, prints a line a package and the output of what failed, and counts. A test with
// subtests is not counted beside them unless it failed by itself; a package that failed with no failed test (it did not
// build, it panicked, it timed out) is one failure.
export function goCounter(print) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  const skippedTests = [];
  const failures = []; // {test, package}, of the test that is not within another
  const packages = new Map(); // import path -> Map of test name -> {output, action}

  const testsOf = (name) => {
    if (!packages.has(name)) packages.set(name, new Map());
    return packages.get(name);
  };

  const finish = (name, event) => {
    const tests = testsOf(name);
    const here = { passed: 0, failed: 0, skipped: 0 };
    const parents = new Set();
    const failedBelow = new Set();
    for (const [test, { action }] of tests) {
      for (let at = test.lastIndexOf("/"); at > 0; at = test.lastIndexOf("/", at - 1)) {
        parents.add(test.slice(0, at));
        if (action === "fail") failedBelow.add(test.slice(0, at));
      }
    }
    for (const [test, { action, output }] of tests) {
      if (test === "") continue;
      // No action: the package died in the middle of this test.
      const failed = action === "fail" || action === undefined;
      if (failed && !test.includes("/")) failures.push({ test, package: name });
      if (failed) print(output.filter((line) => !/^=== /.test(line)).join("").trimEnd());
      if (action === "skip") skippedTests.push({ package: name, test, output: output.join("") });
      if (failed ? failedBelow.has(test) : parents.has(test)) continue;
      here[failed ? "failed" : action === "skip" ? "skipped" : "passed"]++;
    }
    if (event.Action === "fail") {
      const output = tests.get("")?.output ?? [];
      print(output.filter((line) => !/^(PASS|FAIL|ok )/.test(line)).join("").trimEnd());
      if (here.failed === 0) here.failed = 1;
    }
    for (const key of Object.keys(total)) total[key] += here[key];
    if (event.Action !== "skip") {
      const skipped = here.skipped ? `, ${here.skipped} skipped` : "";
      const verdict = event.Action === "fail" ? "FAIL" : "ok  ";
      print(`${verdict} ${name} ${(event.Elapsed ?? 0).toFixed(1)} s: ${here.passed} passed, ${here.failed} failed${skipped}`);
    }
    packages.delete(name);
  };

  const line = (text) => {
    let event;
    try {
      event = JSON.parse(text);
    } catch {
      print(text);
      return;
    }
    if (event.Action === "build-output") {
      print(event.Output.trimEnd());
      return;
    }
    if (!event.Package) return;
    const test = event.Test ?? "";
    if (test === "" && ["pass", "fail", "skip"].includes(event.Action)) {
      finish(event.Package, event);
      return;
    }
    const tests = testsOf(event.Package);
    if (!tests.has(test)) tests.set(test, { output: [], action: undefined });
    const entry = tests.get(test);
    if (event.Action === "output") entry.output.push(event.Output);
    if (["pass", "fail", "skip"].includes(event.Action)) entry.action = event.Action;
  };

  return { line, counts: () => ({ ...total, failures }), skipped: () => skippedTests };
}
