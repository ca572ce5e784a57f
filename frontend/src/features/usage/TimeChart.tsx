import { SegmentedControl } from "@mantine/core";
import { useMemo, useState } from "react";
import type { UsageBucket } from "../../api";
import { formatCount, plural } from "../../lib/numbers";
import { budgets } from "../../state/budgets";
import type { ScopeReport } from "../../state/report";
import { useResource } from "../../state/resource";
import { isNarrowed } from "../../state/scope";
import tables from "../../ui/Table.module.css";
import { Chart, colour, type Mark } from "./Chart";
import { costText } from "./figures";
import { drawingOf, METRICS, type Metric } from "./series";
import classes from "./Usage.module.css";
import { showRequests } from "./views";

const SHORT: Record<ScopeReport["bucket"], Intl.DateTimeFormatOptions> = {
  hour: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  day: { month: "short", day: "numeric" },
  month: { month: "short", year: "numeric" },
};
const LONG: Record<ScopeReport["bucket"], Intl.DateTimeFormatOptions> = {
  hour: {
    weekday: "short",
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  },
  day: { weekday: "short", month: "short", day: "numeric", year: "numeric" },
  month: { month: "long", year: "numeric" },
};

/** How a range went, hour by hour, day by day or month by month. A bar leads to its requests. */
export function TimeChart({ data }: { data: ScopeReport }) {
  const [metric, setMetric] = useState<Metric>("spend");
  const [hovered, setHovered] = useState<number | null>(null);
  const { report, by, bucket } = data;
  const { buckets } = report;
  const drawing = useMemo(() => drawingOf(report, by, metric), [report, by, metric]);
  const names = useMemo(() => {
    const short = new Intl.DateTimeFormat(undefined, SHORT[bucket]);
    return buckets.map(b => short.format(new Date(b.start)));
  }, [buckets, bucket]);
  const marks = useMemo(() => changesOf(buckets), [buckets]);
  const limit = useLimit(data, metric);
  const long = new Intl.DateTimeFormat(undefined, LONG[bucket]);
  const name = (b: UsageBucket) => long.format(new Date(b.start));
  const open = (b: UsageBucket) => showRequests({ range: "custom", from: b.start, to: b.end });
  const label = METRICS.find(m => m.value === metric)?.label ?? "";
  const shown = hovered === null ? undefined : buckets[hovered];
  return (
    <section aria-label="Over time" className={classes.over}>
      <div className={classes.controls}>
        <SegmentedControl
          size="xs"
          value={metric}
          onChange={value => setMetric(value as Metric)}
          data={[...METRICS]}
          aria-label="What is drawn"
        />
      </div>
      <Chart
        label={`${label} by ${bucket}. The table below has the same numbers.`}
        names={names}
        drawing={drawing}
        marks={marks}
        limit={limit}
        onHover={setHovered}
        onPick={index => {
          const picked = buckets[index];
          if (picked) open(picked);
        }}
      />
      <ul className={classes.legend} aria-hidden>
        {drawing.series.map((s, i) => (
          <li key={s.label}>
            <span className={classes.swatch} style={{ background: `var(${colour(i)})` }} />
            {s.label}
            {shown && <b>{drawing.spell(s.values[hovered ?? 0] ?? null)}</b>}
          </li>
        ))}
      </ul>
      <p className={classes.hovered}>
        {shown
          ? `${name(shown)}: ${costText(shown.figures)}, ${plural(shown.figures.requests, "request")}${
              shown.model ? `, mostly ${shown.model} via ${shown.provider}` : ""
            }${shown.changed ? " (changed)" : ""}. Click for its requests.`
          : hint(marks, limit)}
      </p>
      <details className={classes.alternative}>
        <summary>As a table</summary>
        <div className={tables.box} tabIndex={0} role="region" aria-label={`${label} over time`}>
          <table className={tables.table} data-dense>
            <caption className="visually-hidden">{label} over time. A time opens its requests.</caption>
            <thead>
              <tr>
                <th>Time</th>
                <th className={tables.right}>Requests</th>
                {drawing.series.map(s => (
                  <th key={s.label} className={tables.right}>
                    {s.label}
                  </th>
                ))}
                <th>Mostly</th>
              </tr>
            </thead>
            <tbody>
              {buckets.map((b, i) => (
                <tr key={b.start}>
                  <td>
                    <button type="button" className={classes.link} onClick={() => open(b)}>
                      {name(b)}
                    </button>
                  </td>
                  <td className={tables.right}>{formatCount(b.figures.requests)}</td>
                  {drawing.series.map(s => (
                    <td key={s.label} className={tables.right}>
                      {b.figures.requests > 0 ? drawing.spell(s.values[i] ?? null) : "–"}
                    </td>
                  ))}
                  <td>
                    {b.model && `${b.model} via ${b.provider}`}
                    {b.changed && <strong> (changed)</strong>}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </section>
  );
}

function changesOf(buckets: UsageBucket[]): Mark[] {
  return buckets.flatMap((b, index) => (b.changed ? [{ index, text: `${b.model} via ${b.provider}` }] : []));
}

function hint(marks: Mark[], limit: number | null): string {
  return [
    "A bar leads to its requests.",
    marks.length > 0 && "A dashed line marks where another model or provider took over most of them.",
    limit !== null && "The level line is the budget of a day.",
  ]
    .filter(Boolean)
    .join(" ");
}

// A day's budget over everything is a line across the bars of days, unless they are so far below it that they would be
// too small to see.
function useLimit({ bucket, scope, report }: ScopeReport, metric: Metric): number | null {
  const { data } = useResource(budgets);
  if (bucket !== "day" || metric !== "spend" || isNarrowed(scope)) return null;
  const whole = data?.budgets.find(
    b => b.unit === "usd" && b.per === "day" && !b.key && !b.project && !b.model && !b.tag,
  );
  const most = Math.max(...report.buckets.map(b => b.figures.costPicoUSD ?? 0), 0);
  return whole && most * 4 >= whole.limit ? whole.limit : null;
}
