// A reporter for node --test that writes {passed, failed, skipped, failures: [{test, file}]}. A describe block is not a test, but one that fails
// with no failed test in it (in a hook, say) is a failure.
export default async function* nodecount(events) {
  const counts = { passed: 0, failed: 0, skipped: 0, failures: [] };
  for await (const { type, data } of events) {
    if (type !== "test:pass" && type !== "test:fail") continue;
    if (data.skip !== undefined || data.todo !== undefined) counts.skipped++;
    else if (type === "test:fail") {
      // A parent of failed tests fails as well; those are counted already.
      if (data.details.error?.failureType === "subtestsFailed") continue;
      counts.failed++;
      counts.failures.push({ test: data.name, file: data.file });
    } else if (data.details.type !== "suite") counts.passed++;
  }
  yield JSON.stringify(counts);
}
