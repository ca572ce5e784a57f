import { SegmentedControl } from "@mantine/core";
import { useEffect, useState } from "react";
import { api, type UsageBy, type UsageRecord, type UsageTotals } from "../../api";
import { formatCost, formatCostExactly } from "../../lib/money";
import { formatCount, plural } from "../../lib/numbers";
import { onEvent } from "../../state/feed";
import { createResource, useResource } from "../../state/resource";
import { Empty, ErrorNote, Loading } from "../../ui/States";
import classes from "./Usage.module.css";

const groups: { value: UsageBy["by"]; label: string }[] = [
  { value: "model", label: "Model" },
  { value: "provider", label: "Provider" },
  { value: "project", label: "Project" },
  { value: "key", label: "Key" },
  { value: "client", label: "Client" },
  { value: "day", label: "Day" },
];

const periods = [
  { value: "1", label: "Today" },
  { value: "7", label: "7 days" },
  { value: "30", label: "30 days" },
  { value: "", label: "All" },
];

/** Many requests end in a second; the sums are asked for once after them. */
const SETTLE_MS = 1000;

export function Totals() {
  const [by, setBy] = useState<UsageBy["by"]>("model");
  const [days, setDays] = useState("30");
  const [source] = useState(() => createTotals());
  useEffect(() => source.ask(by, days), [source, by, days]);
  const { data, error } = useResource(source.resource);
  const rows = data?.by === by && data.days === days ? data.rows : null;
  const label = groups.find(g => g.value === by)?.label ?? "";
  return (
    <>
      <div className={classes.controls}>
        <SegmentedControl
          size="xs"
          value={by}
          onChange={value => setBy(value as UsageBy["by"])}
          data={groups}
          aria-label="Totals by"
        />
        <SegmentedControl size="xs" value={days} onChange={setDays} data={periods} aria-label="Period" />
      </div>
      {error && (
        <ErrorNote
          title="The totals can't be had"
          message={error}
          retry={() => void source.resource.reload()}
        />
      )}
      {!rows && !error && <Loading what="totals" rows={6} height={38} />}
      {rows?.length === 0 && <Empty title="No requests in this period" />}
      {rows && rows.length > 0 && <TotalsTable rows={rows} label={label} />}
    </>
  );
}

function createTotals() {
  let by: UsageBy["by"] = "model";
  let days = "30";
  const resource = createResource(async () => {
    const asked = { by, days };
    const { rows } = await api.call("usage.totals", { by, since: sinceOf(days), until: null });
    return { ...asked, rows };
  }, [settled]);
  return {
    resource,
    ask(nextBy: UsageBy["by"], nextDays: string) {
      by = nextBy;
      days = nextDays;
      void resource.reload();
    },
  };
}

function settled(stale: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return onEvent("usage", (record: UsageRecord) => {
    if (record.outcome === "open" || timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      stale();
    }, SETTLE_MS);
  });
}

// The start of the day, in the user's own zone, that begins a period of so many days.
function sinceOf(days: string): string | null {
  if (!days) return null;
  const at = new Date();
  at.setHours(0, 0, 0, 0);
  at.setDate(at.getDate() - (Number(days) - 1));
  return at.toISOString();
}

function TotalsTable({ rows, label }: { rows: UsageTotals[]; label: string }) {
  return (
    <div
      className={classes.scroller}
      tabIndex={0}
      role="region"
      aria-label={`Totals by ${label.toLowerCase()}`}
    >
      <table className={classes.table}>
        <caption className="visually-hidden">Totals by {label.toLowerCase()}</caption>
        <thead>
          <tr>
            <th>{label}</th>
            <th className={classes.right}>Requests</th>
            <th className={classes.right}>Errors</th>
            <th className={classes.right}>In</th>
            <th className={classes.right}>Cache read</th>
            <th className={classes.right}>Cache write</th>
            <th className={classes.right}>Out</th>
            <th className={classes.right}>Reasoning</th>
            <th className={classes.right}>Cost</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(row => (
            <tr key={row.name} className={classes.still}>
              <td className={classes.name}>{row.name || "none"}</td>
              <td className={classes.right}>{formatCount(row.requests)}</td>
              <td className={classes.right}>{row.errors > 0 ? formatCount(row.errors) : "–"}</td>
              <td className={classes.right} title={unknownNote(row.unknownTokens, "tokens")}>
                {formatCount(row.inputTokens)}
                {row.unknownTokens > 0 && "+"}
              </td>
              <td className={classes.right}>{formatCount(row.cacheReadTokens)}</td>
              <td className={classes.right}>{formatCount(row.cacheWriteTokens)}</td>
              <td className={classes.right} title={unknownNote(row.unknownTokens, "tokens")}>
                {formatCount(row.outputTokens)}
                {row.unknownTokens > 0 && "+"}
              </td>
              <td className={classes.right}>{formatCount(row.reasoningTokens)}</td>
              <Cost row={row} />
            </tr>
          ))}
        </tbody>
      </table>
      {rows.some(r => r.unknownTokens > 0 || r.unknownCost > 0) && (
        <p className={classes.note}>A plus marks a sum that leaves out requests whose number is unknown.</p>
      )}
    </div>
  );
}

function Cost({ row }: { row: UsageTotals }) {
  const nothingKnown = row.unknownCost === row.requests && row.requests > 0;
  return (
    <td
      className={classes.right}
      title={`${formatCostExactly(row.costPicoUSD)} ${unknownNote(row.unknownCost, "cost")}`.trim()}
    >
      {nothingKnown ? "unknown" : `${formatCost(row.costPicoUSD)}${row.unknownCost > 0 ? "+" : ""}`}
    </td>
  );
}

function unknownNote(n: number, what: string): string {
  return n > 0 ? `without ${plural(n, "request")} of unknown ${what}` : "";
}
