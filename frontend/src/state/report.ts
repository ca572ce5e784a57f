// The report of the scope, asked for again as requests end.
import { api, type UsageReport } from "../api";
import { onEvent } from "./feed";
import { createResource, type Resource } from "./resource";
import { boundsOf, bucketOf, type Dimension, filterOf, type Scope } from "./scope";

/** Many requests end in a second; the sums are asked for once after them. */
const SETTLE_MS = 1000;

/** How many groups are drawn on their own: as many as colours that are told apart. The others are one more. */
export const DRAWN = 6;

export interface ScopeReport {
  scope: Scope;
  by: Dimension;
  bucket: "hour" | "day" | "month";
  report: UsageReport;
}

function settled(stale: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return onEvent("usage", record => {
    if (record.outcome === "open" || timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      stale();
    }, SETTLE_MS);
  });
}

let asked: { scope: Scope; by: Dimension } | null = null;

export const report: Resource<ScopeReport | null> = createResource(async () => {
  if (!asked) return null;
  const { scope, by } = asked;
  const now = new Date();
  const { from, to } = boundsOf(scope, now);
  const bucket = bucketOf(from, to, now);
  const answer = await api.call("usage.report", {
    from,
    to: to ?? (from === null ? null : now.toISOString()),
    groupBy: by,
    limit: 0,
    bucket,
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    filter: filterOf(scope),
    compare: from !== null,
    drawn: DRAWN,
  });
  return { scope, by, bucket, report: answer };
}, [settled, stale => onEvent("usage.changed", stale)]);

export function askReport(scope: Scope, by: Dimension) {
  asked = { scope, by };
  void report.reload();
}

/** The names that there are in a dimension over the time of a scope, the dearest first. */
export async function namesIn(scope: Scope, by: Dimension): Promise<string[]> {
  const { from, to } = boundsOf(scope, new Date());
  const answer = await api.call("usage.report", {
    from,
    to,
    groupBy: by,
    limit: 500,
    bucket: "",
    zone: "",
    filter: filterOf({ ...scope, names: { ...scope.names, [by]: undefined }, text: "" }),
    compare: false,
    drawn: 0,
  });
  return answer.groups.map(g => g.name);
}
