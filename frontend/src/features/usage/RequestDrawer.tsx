import { Button, Drawer, Group } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import type { UsageAttempt, UsageRecord } from "../../api";
import { formatCostExactly } from "../../lib/money";
import { formatCount } from "../../lib/numbers";
import { formatDuration, formatMoment } from "../../lib/time";
import { filterUsage } from "../../state/usage";
import { CopyIcon } from "../../ui/Copy";
import { type Fact, FactTable } from "../../ui/Facts";
import { Outcome } from "./outcome";
import classes from "./Usage.module.css";

/** Everything that is known of one request. */
export function RequestDrawer({ record, onClose }: { record: UsageRecord | null; onClose(): void }) {
  // While the drawer slides out it goes on showing what it showed.
  const [shown, setShown] = useState(record);
  useEffect(() => {
    if (record) setShown(record);
  }, [record]);
  const r = record ?? shown;
  return (
    <Drawer opened={record !== null} onClose={onClose} position="right" size={460} title="Request">
      {r && (
        <div className={classes.drawer}>
          <Group justify="space-between">
            <Outcome outcome={r.outcome} />
            <Group gap={4}>
              <code className="mono">{r.id}</code>
              <CopyIcon text={r.id} what="request's ID" />
            </Group>
          </Group>
          {r.error && (
            <div className={classes.error}>
              <IconAlertTriangle size={16} aria-hidden />
              <div>
                {r.errorKind && <strong>{r.errorKind}: </strong>}
                {r.error}
              </div>
            </div>
          )}
          <FactTable facts={factsOf(r)} />
          <section>
            <h3>Attempts</h3>
            {r.attempts.length === 0 && (
              <p className={classes.none}>
                {r.outcome === "open" ? "They are known once the request ends." : "No provider was asked."}
              </p>
            )}
            <ol className={classes.attempts}>
              {r.attempts.map(attempt => (
                <li key={`${attempt.at}${attempt.provider}`}>
                  <AttemptView attempt={attempt} />
                </li>
              ))}
            </ol>
          </section>
          <Group gap="xs">
            {r.model && (
              <Button
                variant="default"
                size="xs"
                onClick={() => filter({ project: "", model: r.model }, onClose)}
              >
                Only this model
              </Button>
            )}
            {r.project && (
              <Button
                variant="default"
                size="xs"
                onClick={() => filter({ project: r.project, model: "" }, onClose)}
              >
                Only this project
              </Button>
            )}
          </Group>
        </div>
      )}
    </Drawer>
  );
}

function filter(by: { project: string; model: string }, onClose: () => void) {
  filterUsage(by);
  onClose();
}

function factsOf(r: UsageRecord): Fact[] {
  const or = (text: string) => text || "–";
  return [
    { label: "Started", value: formatMoment(r.startedAt) },
    { label: "Project", value: or(r.project) },
    { label: "Key", value: or(r.key) },
    { label: "Client", value: or(r.client) },
    { label: "Requested model", value: or(r.requestedModel) },
    { label: "Served by", value: r.provider ? `${r.model} via ${r.provider}` : or(r.model) },
    { label: "Protocol", value: `${or(r.dialect)}${r.stream ? ", streamed" : ""}` },
    { label: "Input tokens", value: formatCount(r.inputTokens) + source(r.provenance.inputTokens) },
    { label: "Cache read tokens", value: formatCount(r.cacheReadTokens) },
    { label: "Cache write tokens", value: formatCount(r.cacheWriteTokens) },
    { label: "Output tokens", value: formatCount(r.outputTokens) + source(r.provenance.outputTokens) },
    { label: "of them reasoning", value: formatCount(r.reasoningTokens) },
    {
      label: "Cost",
      value:
        formatCostExactly(r.costPicoUSD) + (r.provenance.costPicoUSD === "estimated" ? ", estimated" : ""),
    },
    ...costsTold(r),
    { label: "Time to first token", value: formatDuration(r.timeToFirstTokenMs) },
    { label: "Duration", value: formatDuration(r.durationMs) },
    { label: "HTTP status", value: r.status ? String(r.status) : "–" },
    { label: "Finish reason", value: or(r.finishReason) },
    ...r.notices.map(notice => ({ label: "Not carried", value: notice })),
    ...(r.rollout ? [{ label: "Rollout", value: `${r.rollout}, given to ${r.arm}` }] : []),
  ];
}

/** What is said of a number that is not the provider's. */
function source(from: string): string {
  if (from === "estimated") return ", estimated";
  return from === "counted" ? ", counted here" : "";
}

/** What the provider says of costs, and how far that is from ours. */
function costsTold(r: UsageRecord): Fact[] {
  const facts: Fact[] = [];
  if (r.otherCostPicoUSD !== null) {
    facts.push({ label: "of it attempts without an answer", value: formatCostExactly(r.otherCostPicoUSD) });
  }
  if (r.reportedCostPicoUSD !== null) {
    facts.push({ label: "Cost, says the provider", value: formatCostExactly(r.reportedCostPicoUSD) });
  }
  if (r.costDifferencePicoUSD) {
    const less = r.costDifferencePicoUSD < 0;
    facts.push({
      label: "Difference",
      value: `the provider says ${formatCostExactly(Math.abs(r.costDifferencePicoUSD))} ${less ? "less" : "more"}`,
    });
  }
  if (r.marketCostPicoUSD !== null) {
    facts.push({ label: "At list price", value: formatCostExactly(r.marketCostPicoUSD) });
  }
  return facts;
}

/** How an attempt ended, how long it took and what it used and cost, as far as that is known. */
function tookAndCost(a: UsageAttempt): string {
  const used = [a.inputTokens, a.outputTokens].some(n => n !== null);
  return [
    a.outcome,
    formatDuration(a.durationMs),
    used && `${formatCount(a.inputTokens)} in, ${formatCount(a.outputTokens)} out`,
    a.costPicoUSD !== null && formatCostExactly(a.costPicoUSD),
  ]
    .filter(Boolean)
    .join(" · ");
}

function AttemptView({ attempt: a }: { attempt: UsageAttempt }) {
  return (
    <>
      <div className={classes.attemptHead}>
        <span>
          <span className="mono">{a.model}</span> via {a.provider}
          {a.credential && ` (${a.credential})`}
        </span>
        <span className="numbers">{a.status ? `HTTP ${a.status}` : a.error ? "no answer" : ""}</span>
      </div>
      <div className="numbers">{tookAndCost(a)}</div>
      <div className={classes.none}>{a.reason}</div>
      {a.error && (
        <div className={classes.attemptError}>
          {a.errorKind && `${a.errorKind}: `}
          {a.error}
        </div>
      )}
    </>
  );
}
