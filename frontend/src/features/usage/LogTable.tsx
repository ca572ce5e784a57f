import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, memo, type RefObject, useEffect, useRef, useState } from "react";
import type { UsageRecord } from "../../api";
import { formatCost, formatCostExactly } from "../../lib/money";
import { formatCount } from "../../lib/numbers";
import { formatDuration, formatMoment, formatTime } from "../../lib/time";
import { setAtTop, view } from "../../state/log";
import { type LogPage, rowAt } from "../../state/pages";
import { go } from "../../state/route";
import { useNow } from "../../ui/useNow";
import { Outcome } from "./outcome";
import classes from "./Usage.module.css";

/** So low that a million rows are within what browsers can scroll. */
export const ROW_PX = 33;

interface Props {
  pages: LogPage[];
  total: number;
  scroller: RefObject<HTMLDivElement | null>;
}

// Only the rows in view are drawn. Arrows go from row to row, Enter opens one.
export function LogTable({ pages, total, scroller }: Props) {
  const now = useNow();
  const grid = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState(-1);
  const virtual = useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
    // React may put the rows of several scroll steps together instead of drawing each step at once.
    useFlushSync: false,
  });
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is in view is missing or not by the pages
  useEffect(() => view(first, last), [first, last, pages]);
  const current = at < total ? at : -1;
  const open = (row: number) => {
    const record = rowAt(pages, row);
    if (record) go("usage", record.id);
  };
  const move = (to: number) => {
    const next = Math.max(0, Math.min(total - 1, to));
    setAt(next);
    virtual.scrollToIndex(next);
  };
  const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? ROW_PX) / ROW_PX) - 1);
  const steps: Record<string, number> = {
    ArrowDown: current + 1,
    ArrowUp: current - 1,
    PageDown: current + page,
    PageUp: current - page,
    Home: 0,
    End: total - 1,
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.altKey || event.metaKey) return;
    const step = steps[event.key];
    if (step !== undefined) move(step);
    else if (event.key === "Enter" && current >= 0) open(current);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      ref={grid}
      role="grid"
      aria-label="Requests"
      aria-rowcount={total + 1}
      aria-describedby="log-keys"
      aria-activedescendant={current >= first && current <= last ? rowID(current) : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onFocus={event => {
        if (event.target === event.currentTarget && current < 0) setAt(first);
      }}
      className={classes.log}
    >
      <div role="rowgroup" className={classes.lineHeads}>
        <div role="row" aria-rowindex={1} className={`${classes.line} ${classes.lineHead}`}>
          <span role="columnheader">Time</span>
          <span role="columnheader">Outcome</span>
          <span role="columnheader">Model</span>
          <span role="columnheader" className={classes.wide}>
            Provider
          </span>
          <span role="columnheader" className={classes.roomy}>
            Project
          </span>
          <span role="columnheader" className={classes.wider}>
            Key
          </span>
          <span role="columnheader" className={classes.wider}>
            Client
          </span>
          <span role="columnheader" className={classes.right}>
            In
          </span>
          <span role="columnheader" className={`${classes.right} ${classes.wide}`}>
            Cached
          </span>
          <span role="columnheader" className={classes.right}>
            Out
          </span>
          <span role="columnheader" className={classes.right}>
            Cost
          </span>
          <span role="columnheader" className={`${classes.right} ${classes.wide}`}>
            First token
          </span>
          <span role="columnheader" className={classes.right}>
            Duration
          </span>
        </div>
      </div>
      <div
        ref={scroller}
        className={classes.lines}
        role="rowgroup"
        onScroll={event => setAtTop(event.currentTarget.scrollTop < ROW_PX)}
      >
        <div style={{ height: virtual.getTotalSize(), position: "relative" }} role="presentation">
          {items.map(item => {
            const record = rowAt(pages, item.index);
            return (
              <Row
                key={record?.id ?? item.index}
                record={record}
                index={item.index}
                start={item.start}
                current={item.index === current}
                time={record ? formatTime(record.startedAt, now) : ""}
              />
            );
          })}
        </div>
      </div>
      <p id="log-keys" className="visually-hidden">
        Arrow keys go from request to request. Enter opens one.
      </p>
    </div>
  );
}

function rowID(index: number): string {
  return `log-row-${index}`;
}

interface RowProps {
  /** Undefined while its page is away. */
  record: UsageRecord | undefined;
  index: number;
  /** In pixels from the top. */
  start: number;
  current: boolean;
  time: string;
}

const Row = memo(function Row({ record, index, start, current, time }: RowProps) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid takes the keys for its rows
    <div
      id={rowID(index)}
      role="row"
      aria-rowindex={index + 2}
      className={classes.line}
      data-current={current || undefined}
      data-outcome={record?.outcome}
      style={{
        position: "absolute",
        inset: "0 0 auto",
        height: ROW_PX,
        transform: `translateY(${start}px)`,
      }}
      onClick={() => record && go("usage", record.id)}
    >
      {record ? (
        <Cells record={record} time={time} />
      ) : (
        <span role="gridcell" className={classes.faint}>
          …
        </span>
      )}
    </div>
  );
});

const Cells = memo(function Cells({ record: r, time }: { record: UsageRecord; time: string }) {
  // Numbers of a request that still runs are not unknown, they are to come.
  const soon = r.outcome === "open";
  const number = (text: string) => (text === "unknown" ? (soon ? "…" : "–") : text);
  const model = r.model || r.requestedModel;
  const asked = r.model && r.requestedModel !== r.model ? `, asked for as ${r.requestedModel}` : "";
  return (
    <>
      <span role="gridcell" className="numbers" title={formatMoment(r.startedAt)}>
        {time}
      </span>
      <span role="gridcell">
        <Outcome outcome={r.outcome} />
      </span>
      <span role="gridcell" className={"mono"} title={`${model}${asked}`}>
        {model || "–"}
      </span>
      <Cell text={r.provider} hidden={classes.wide} />
      <Cell text={r.project} hidden={classes.roomy} />
      <Cell text={r.key} hidden={classes.wider} />
      <Cell text={r.client} hidden={classes.wider} />
      <span role="gridcell" className={classes.right}>
        {number(formatCount(r.inputTokens))}
      </span>
      <span
        role="gridcell"
        className={`${classes.right} ${classes.wide}`}
        title={`Read ${formatCount(r.cacheReadTokens)}, written ${formatCount(r.cacheWriteTokens)}`}
      >
        {number(formatCount(r.cacheReadTokens))}
      </span>
      <span role="gridcell" className={classes.right}>
        {number(formatCount(r.outputTokens))}
      </span>
      <span role="gridcell" className={classes.right} title={formatCostExactly(r.costPicoUSD)}>
        {soon && r.costPicoUSD === null ? "…" : formatCost(r.costPicoUSD)}
      </span>
      <span role="gridcell" className={`${classes.right} ${classes.wide}`}>
        {number(formatDuration(r.timeToFirstTokenMs))}
      </span>
      <span role="gridcell" className={classes.right}>
        {number(formatDuration(r.durationMs))}
      </span>
    </>
  );
});

function Cell({ text, hidden = "" }: { text: string; hidden?: string | undefined }) {
  return (
    <span role="gridcell" className={hidden} title={text}>
      {text || "–"}
    </span>
  );
}
