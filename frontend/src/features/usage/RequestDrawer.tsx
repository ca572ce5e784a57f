import { Button, Drawer, Group } from "@mantine/core";
import { IconAlertTriangle, IconUnlink } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import type { UsageRecord } from "../../api";
import { formatCount } from "../../lib/numbers";
import { formatDuration, formatMoment } from "../../lib/time";
import { go } from "../../state/route";
import { CopyIcon } from "../../ui/Copy";
import { type Fact, FactTable } from "../../ui/Facts";
import { ErrorNote, Loading } from "../../ui/States";
import { BillView } from "./BillView";
import { Contents } from "./Contents";
import { formatSpeed } from "./figures";
import { Outcome } from "./outcome";
import { brokenText, rereadText } from "./prefix";
import classes from "./Usage.module.css";
import { showRequestsOf } from "./views";
import { Waterfall } from "./Waterfall";

interface Props {
  id: string;
  record: UsageRecord | null;
  error: string;
  onClose(): void;
}

/** Everything that is known of one request. */
export function RequestDrawer({ id, record, error, onClose }: Props) {
  // While the drawer slides out it goes on showing what it showed.
  const [shown, setShown] = useState(record);
  useEffect(() => {
    if (record || id) setShown(record);
  }, [record, id]);
  const r = record ?? (id ? null : shown);
  return (
    <Drawer opened={id !== ""} onClose={onClose} position="right" size={560} title="Request">
      {!r && error && <ErrorNote title="This request can't be shown" message={error} />}
      {!r && !error && id && <Loading what="request" rows={6} />}
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
          {r.prefix && (
            <div className={classes.warning}>
              <IconUnlink size={16} aria-hidden />
              <div>
                <strong>{brokenText(r.prefix)}.</strong> {rereadText(r.prefix)}{" "}
                <button
                  type="button"
                  className={classes.link}
                  onClick={() => go("usage", r.prefix?.after ?? "")}
                >
                  <u>Show the request before</u>
                </button>
              </div>
            </div>
          )}
          <FactTable facts={factsOf(r)} />
          <Waterfall record={r} />
          <Tokens record={r} />
          <BillView record={r} />
          <Notices notices={r.notices} />
          <Contents key={r.id} record={r} />
          <Group gap="xs">
            {(["model", "project", "key", "client"] as const).map(
              by =>
                r[by] && (
                  <Button key={by} variant="default" size="xs" onClick={() => showRequestsOf(by, r[by])}>
                    Only this {by}
                  </Button>
                ),
            )}
          </Group>
        </div>
      )}
    </Drawer>
  );
}

function factsOf(r: UsageRecord): Fact[] {
  const or = (text: string) => text || "–";
  const known = (label: string, value: string) => (value ? [{ label, value }] : []);
  return [
    { label: "Started", value: formatMoment(r.startedAt) },
    { label: "Project", value: or(r.project) },
    { label: "Key", value: or(r.key) },
    { label: "Client", value: or(r.client) },
    { label: "Requested model", value: or(r.requestedModel) },
    { label: "Served by", value: r.provider ? `${r.model} via ${r.provider}` : or(r.model) },
    { label: "Protocol", value: `${or(r.dialect)}${r.stream ? ", streamed" : ""}` },
    { label: "HTTP status", value: r.status ? String(r.status) : "–" },
    { label: "Finish reason", value: or(r.finishReason) },
    ...known("User", r.user),
    ...known("Tags", r.tags.join(", ")),
    ...known("Conversation", r.conversation),
    ...known("Rollout", r.rollout && `${r.rollout}, given to ${r.arm}`),
    { label: "Time to first token", value: formatDuration(r.timeToFirstTokenMs) },
    { label: "Duration", value: formatDuration(r.durationMs) },
    { label: "Speed", value: formatSpeed(r.tokensPerSecond) },
  ];
}

const SOURCES: Record<string, string> = {
  reported: "the provider",
  counted: "counted here",
  estimated: "estimated here",
  unknown: "nobody",
};

/** The tokens of each kind, and who says so. */
function Tokens({ record: r }: { record: UsageRecord }) {
  const { provenance: from } = r;
  const rows = [
    { kind: "Input", n: r.inputTokens, from: from.inputTokens },
    { kind: "Cache read", n: r.cacheReadTokens, from: from.cacheReadTokens },
    { kind: "Cache write", n: r.cacheWriteTokens, from: from.cacheWriteTokens },
    { kind: "Output", n: r.outputTokens, from: from.outputTokens },
    { kind: "of them reasoning", n: r.reasoningTokens, from: from.reasoningTokens },
  ];
  return (
    <section>
      <h3>Tokens</h3>
      <table className={classes.small}>
        <caption className="visually-hidden">Tokens by kind</caption>
        <thead>
          <tr>
            <th scope="col">Kind</th>
            <th scope="col">Tokens</th>
            <th scope="col">Says</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(row => (
            <tr key={row.kind}>
              <th scope="row">{row.kind}</th>
              <td>{formatCount(row.n)}</td>
              <td>{SOURCES[row.from] ?? row.from}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Notices({ notices }: { notices: string[] }) {
  if (notices.length === 0) return null;
  return (
    <section>
      <h3>Not carried as asked for</h3>
      <ul className={classes.notices}>
        {notices.map(notice => (
          <li key={notice}>{notice}</li>
        ))}
      </ul>
    </section>
  );
}
