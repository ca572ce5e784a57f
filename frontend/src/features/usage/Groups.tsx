import { ActionIcon, SegmentedControl, Tooltip } from "@mantine/core";
import { IconList } from "@tabler/icons-react";
import type { UsageGroup, UsageReport } from "../../api";
import { formatCount, plural } from "../../lib/numbers";
import { formatDuration } from "../../lib/time";
import { DIMENSIONS, type Dimension, narrowTo } from "../../state/scope";
import tables from "../../ui/Table.module.css";
import { ExportMenu } from "./ExportMenu";
import { changeText, costText, costTitle, countText, formatShare, formatSpeed, tokensTitle } from "./figures";
import classes from "./Usage.module.css";
import { groupName, OTHER, showRequestsOf } from "./views";

const LABELS: Record<Dimension, string> = {
  model: "Model",
  provider: "Provider",
  project: "Project",
  key: "Key",
  client: "Client",
  user: "User",
  tag: "Tag",
};

interface Props {
  report: UsageReport;
  by: Dimension;
  onBy(by: Dimension): void;
}

/** The same figures by model, provider, project and so on, the dearest first. */
export function Groups({ report, by, onBy }: Props) {
  const rows = report.rest ? [...report.groups, report.rest] : report.groups;
  const known = rows.some(g => g.figures.unknownCost > 0 || g.figures.unknownTokens > 0);
  return (
    <section aria-label="Groups" className={classes.groups}>
      <div className={classes.controls}>
        <SegmentedControl
          size="xs"
          value={by}
          onChange={value => onBy(value as Dimension)}
          data={DIMENSIONS.map(value => ({ value, label: LABELS[value] }))}
          aria-label="Totals by"
        />
        {by === "tag" && <span className={classes.faint}>A request counts in each of its tags.</span>}
        <ExportMenu by={by} />
      </div>
      <div className={tables.box} tabIndex={0} role="region" aria-label={`Totals by ${by}`}>
        <table className={tables.table} data-dense>
          <caption className="visually-hidden">Totals by {by}</caption>
          <thead>
            <tr>
              <th>{LABELS[by]}</th>
              <th className={tables.right}>Cost</th>
              <th className={tables.right}>Before</th>
              <th className={tables.right}>Requests</th>
              <th className={tables.right}>Errors</th>
              <th className={tables.right}>In</th>
              <th className={tables.right}>Cache read</th>
              <th className={tables.right}>Cache write</th>
              <th className={tables.right}>Out</th>
              <th className={tables.right}>Hits</th>
              <th className={tables.right} title="Time to first token: three of four were as fast (p75)">
                First token
              </th>
              <th className={tables.right} title="Three of four were as fast (p75)">
                Duration
              </th>
              <th className={tables.right} title="Half were as fast (p50)">
                Tokens
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(g => (
              <Row
                key={g === report.rest ? "rest of groups" : `=${g.name}`}
                group={g}
                by={by}
                rest={g === report.rest ? report.otherGroups : 0}
              />
            ))}
          </tbody>
        </table>
        {known && (
          <p className={classes.note}>A plus marks a sum that leaves out requests whose number is unknown.</p>
        )}
      </div>
    </section>
  );
}

function Row({ group: g, by, rest }: { group: UsageGroup; by: Dimension; rest: number }) {
  const f = g.figures;
  const name = rest > 0 ? `${plural(rest, "other")}` : groupName(g.name);
  const goes = rest === 0 && g.name !== OTHER && (g.name !== "" || by !== "tag");
  const dash = (text: string) => (text === "unknown" ? "–" : text);
  return (
    <tr>
      <td className={classes.name}>
        <span className={classes.groupName}>
          {goes ? (
            <button
              type="button"
              className={classes.link}
              title={`Only ${by} ${name}`}
              onClick={() => narrowTo(by, g.name)}
            >
              {name}
            </button>
          ) : (
            <span>{name}</span>
          )}
          {goes && (
            <Tooltip label="Show the requests">
              <ActionIcon
                variant="subtle"
                color="gray"
                c="dimmed"
                size={22}
                aria-label={`Requests of ${by} ${name}`}
                onClick={() => showRequestsOf(by, g.name)}
              >
                <IconList size={14} />
              </ActionIcon>
            </Tooltip>
          )}
        </span>
      </td>
      <td className={tables.right} title={costTitle(f)}>
        {costText(f)}
      </td>
      <td className={tables.right} title={g.previous ? `It was ${costText(g.previous)}` : undefined}>
        {g.previous ? changeText(g.change?.costPicoUSD ?? null) || costText(g.previous) : "–"}
      </td>
      <td className={tables.right}>{formatCount(f.requests)}</td>
      <td className={tables.right} title={formatShare(f.errorShare)}>
        {f.errors > 0 ? formatCount(f.errors) : "–"}
      </td>
      <td className={tables.right} title={tokensTitle(f)}>
        {countText(f.inputTokens, f)}
      </td>
      <td className={tables.right}>{dash(formatCount(f.cacheReadTokens))}</td>
      <td className={tables.right}>{dash(formatCount(f.cacheWriteTokens))}</td>
      <td className={tables.right} title={tokensTitle(f)}>
        {countText(f.outputTokens, f)}
      </td>
      <td className={tables.right}>{dash(formatShare(f.cacheHitShare))}</td>
      <td className={tables.right}>{dash(formatDuration(f.timeToFirstTokenMs.p75))}</td>
      <td className={tables.right}>{dash(formatDuration(f.durationMs.p75))}</td>
      <td className={tables.right}>{dash(formatSpeed(f.tokensPerSecond.p50))}</td>
    </tr>
  );
}
