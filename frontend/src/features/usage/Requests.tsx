import { Button, Group } from "@mantine/core";
import { IconChartBar } from "@tabler/icons-react";
import { memo, useEffect, useState } from "react";
import type { UsageRecord } from "../../api";
import { formatCost, formatCostExactly } from "../../lib/money";
import { formatCount } from "../../lib/numbers";
import { formatDuration, formatMoment, formatTime } from "../../lib/time";
import { useStore } from "../../state/store";
import { filterUsage, loadMoreUsage, noFilter, usage, watchUsage } from "../../state/usage";
import { Empty, ErrorNote, Loading } from "../../ui/States";
import { useNow } from "../../ui/useNow";
import { Outcome } from "./outcome";
import { RequestDrawer } from "./RequestDrawer";
import classes from "./Usage.module.css";

/** The latest requests, live. */
export function Requests() {
  const state = useStore(usage);
  const now = useNow();
  const [opened, setOpened] = useState("");
  useEffect(() => watchUsage(), []);
  const record = state.records.find(r => r.id === opened) ?? null;
  const { project, model } = state.filter;
  return (
    <>
      {(project || model) && (
        <Group gap="xs">
          <span>
            Only {project && `project ${project}`}
            {project && model && ", "}
            {model && `model ${model}`}
          </span>
          <Button size="compact-xs" variant="default" onClick={() => filterUsage(noFilter)}>
            Show all
          </Button>
        </Group>
      )}
      {state.error && (
        <ErrorNote
          title="The usage history can't be read"
          message={state.error}
          retry={() => filterUsage(state.filter)}
        />
      )}
      {!state.loaded && !state.error && <Loading what="requests" rows={9} height={38} />}
      {state.loaded && state.records.length === 0 && (
        <Empty icon={<IconChartBar size={22} />} title="No requests yet">
          They appear here as soon as an editor or the chat asks for something.
        </Empty>
      )}
      {state.records.length > 0 && (
        <div className={classes.scroller} tabIndex={0} role="region" aria-label="Requests">
          <table className={classes.table}>
            <caption className="visually-hidden">Requests, newest first. A time opens the request.</caption>
            <thead>
              <tr>
                <th>Time</th>
                <th>Project</th>
                <th>Key</th>
                <th className={classes.wide}>Client</th>
                <th>Model</th>
                <th className={classes.wide}>Provider</th>
                <th className={classes.right}>In</th>
                <th className={`${classes.right} ${classes.wide}`}>Cache</th>
                <th className={classes.right}>Out</th>
                <th className={classes.right}>Cost</th>
                <th className={`${classes.right} ${classes.wide}`}>First token</th>
                <th className={classes.right}>Duration</th>
                <th>Outcome</th>
              </tr>
            </thead>
            <tbody>
              {state.records.map(r => (
                <Row key={r.id} record={r} time={formatTime(r.startedAt, now)} onOpen={setOpened} />
              ))}
            </tbody>
          </table>
          {state.next && (
            <div className={classes.more}>
              <Button variant="default" loading={state.loading} onClick={loadMoreUsage}>
                Load more
              </Button>
            </div>
          )}
        </div>
      )}
      <RequestDrawer record={record} onClose={() => setOpened("")} />
    </>
  );
}

interface RowProps {
  record: UsageRecord;
  time: string;
  onOpen(id: string): void;
}

const Row = memo(function Row({ record: r, time, onOpen }: RowProps) {
  // Numbers of a request that still runs are not unknown, they are to come.
  const soon = r.outcome === "open";
  const number = (text: string) => (soon && text === "unknown" ? "…" : text === "unknown" ? "–" : text);
  const asked = r.requestedModel !== r.model ? r.requestedModel : "";
  return (
    <tr onClick={() => onOpen(r.id)} data-outcome={r.outcome}>
      <td>
        <button
          type="button"
          className={classes.time}
          title={formatMoment(r.startedAt)}
          aria-label={`Open the request of ${formatMoment(r.startedAt)}`}
        >
          {time}
        </button>
      </td>
      <Cell text={r.project} />
      <Cell text={r.key} />
      <Cell text={r.client} wide />
      <td className={classes.model}>
        <span className="mono" title={r.model || asked}>
          {r.model || asked || "–"}
        </span>
        {asked && r.model && <span title={`Asked for as ${asked}`}>as {asked}</span>}
      </td>
      <Cell text={r.provider} wide />
      <td className={classes.right}>{number(formatCount(r.inputTokens))}</td>
      <td
        className={`${classes.right} ${classes.wide}`}
        title={`Read ${formatCount(r.cacheReadTokens)}, written ${formatCount(r.cacheWriteTokens)}`}
      >
        {number(formatCount(r.cacheReadTokens))}
      </td>
      <td className={classes.right}>{number(formatCount(r.outputTokens))}</td>
      <td className={classes.right} title={formatCostExactly(r.costPicoUSD)}>
        {soon && r.costPicoUSD === null ? "…" : formatCost(r.costPicoUSD)}
      </td>
      <td className={`${classes.right} ${classes.wide}`}>{number(formatDuration(r.timeToFirstTokenMs))}</td>
      <td className={classes.right}>{number(formatDuration(r.durationMs))}</td>
      <td>
        <Outcome outcome={r.outcome} />
      </td>
    </tr>
  );
});

function Cell({ text, wide = false }: { text: string; wide?: boolean }) {
  return (
    <td className={wide ? `${classes.cut} ${classes.wide}` : classes.cut} title={text}>
      {text || "–"}
    </td>
  );
}
