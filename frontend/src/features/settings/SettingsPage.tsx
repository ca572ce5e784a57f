import { Stack, Switch } from "@mantine/core";
import { useEffect, useRef } from "react";
import { api } from "../../api";
import { formatMoment } from "../../lib/time";
import { useResource } from "../../state/resource";
import { useStatus } from "../../state/session";
import { settings } from "../../state/settings";
import { CopyField } from "../../ui/Copy";
import { FactTable } from "../../ui/Facts";
import { attempt } from "../../ui/notify";
import { Page, Panel } from "../../ui/Page";
import { ErrorNote, Loading } from "../../ui/States";
import { BackupPanel } from "./BackupPanel";
import { ContentsPanel } from "./ContentsPanel";
import { DeletePanel } from "./DeletePanel";
import { HistoryPanel } from "./HistoryPanel";
import classes from "./Settings.module.css";

/** The parts of the page that an address can name. */
const PARTS = {
  history: "Usage history",
  contents: "Prompts and answers",
  delete: "Delete requests",
  backup: "Backup",
};

/** The item of the address is a part to look at, empty for none. */
export default function SettingsPage({ item }: { item: string }) {
  const { data, error } = useResource(settings);
  const status = useStatus();
  const parts = useRef<HTMLDivElement>(null);
  const there = data !== null;
  useEffect(() => {
    const title = PARTS[item as keyof typeof PARTS];
    if (there && title) parts.current?.querySelector(`[aria-label="${title}"]`)?.scrollIntoView();
  }, [item, there]);
  return (
    <Page
      title="Settings"
      description="Settings are one file. Edit it in any editor: a change is picked up as soon as it is saved, and a mistake is shown here while the last good settings stay in force."
    >
      <Panel title="Desktop">
        <Stack gap="sm">
          <Switch
            label="Start at login"
            description={
              status.autostart === null
                ? "This Gatehouse has no window to start; have your system start `gatehouse serve`."
                : "It starts hidden, with its icon in the tray."
            }
            checked={status.autostart === true}
            disabled={status.autostart === null}
            onChange={event => {
              const on = event.currentTarget.checked;
              void attempt("Starting at login could not be changed", () => api.call("autostart.set", { on }));
            }}
          />
          <Switch
            label="Notifications"
            description="When a budget reaches a step, and when a provider is down; once for each cause."
            checked={status.notifications}
            onChange={event => {
              const on = event.currentTarget.checked;
              void attempt("Notifications could not be changed", () => api.call("notifications.set", { on }));
            }}
          />
        </Stack>
      </Panel>
      {data && (
        <div className={classes.parts} ref={parts}>
          <HistoryPanel history={data.effective.history} />
          <ContentsPanel />
          <DeletePanel />
          <BackupPanel />
        </div>
      )}
      {error && (
        <ErrorNote title="The settings can't be read" message={error} retry={() => void settings.reload()} />
      )}
      {!data && !error && <Loading what="settings" rows={4} />}
      {data && (
        <>
          <Panel title="Settings file" flush>
            <CopyField label="Path" value={data.path} what="path of the settings file" />
            {data.problem && (
              <div className={classes.problem} role="alert">
                <strong>
                  {data.problem.line > 0 ? `Line ${data.problem.line}` : "The file"}
                  {data.problem.column > 0 && `, column ${data.problem.column}`}
                </strong>
                : {data.problem.message}
              </div>
            )}
            <FileText
              text={data.text}
              badLine={data.problem?.line ?? 0}
              badColumn={data.problem?.column ?? 0}
            />
          </Panel>
          <Panel title="In force" flush>
            <pre className={classes.effective} tabIndex={0}>
              {JSON.stringify(data.effective, null, 2)}
            </pre>
          </Panel>
        </>
      )}
      <Panel title="Where things are kept" flush>
        <CopyField label="Folder" value={status.home} what="path of the folder" />
        <CopyField label="History" value={status.history.path} what="path of the usage history" />
        <CopyField label="Endpoint" value={status.endpoint.url} what="endpoint's address" />
      </Panel>
      <Panel title="About">
        <FactTable
          facts={[
            { label: "Version", value: status.version },
            { label: "Build", value: status.build },
            { label: "Running since", value: formatMoment(status.startedAt) },
            { label: "Listening on", value: status.endpoint.addresses.join(", ") || "nothing" },
          ]}
        />
      </Panel>
    </Page>
  );
}

function FileText({ text, badLine, badColumn }: { text: string; badLine: number; badColumn: number }) {
  if (!text)
    return <p className={classes.none}>The file is empty or not there yet; the defaults are in force.</p>;
  const lines = text.replace(/\n$/, "").split("\n");
  return (
    <pre className={classes.file} tabIndex={0}>
      {lines.map((line, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line's number is its identity
        <div key={i} className={classes.line} data-bad={i + 1 === badLine || undefined}>
          <span className={classes.number} aria-hidden>
            {i + 1}
          </span>
          <code>
            {i + 1 === badLine && badColumn > 0 ? (
              <>
                {line.slice(0, badColumn - 1)}
                <mark className={classes.mark}>{line.slice(badColumn - 1, badColumn) || " "}</mark>
                {line.slice(badColumn)}
              </>
            ) : (
              line || " "
            )}
          </code>
        </div>
      ))}
    </pre>
  );
}
