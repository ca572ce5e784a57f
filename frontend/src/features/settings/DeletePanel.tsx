import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import { api } from "../../api";
import { formatCount, plural } from "../../lib/numbers";
import { formatMoment } from "../../lib/time";
import { type Part, useCount, useProjects } from "../../state/stored";
import { Confirm } from "../../ui/Confirm";
import { notifyDone } from "../../ui/notify";
import { Panel } from "../../ui/Page";
import { ErrorNote } from "../../ui/States";
import classes from "./Data.module.css";
import { ProjectSelect } from "./ProjectSelect";

const EMPTY: Part = { project: null, from: null, to: null };

/** Deletes a part of the history, which is counted before. */
export function DeletePanel() {
  const projects = useProjects();
  const [part, setPart] = useState(EMPTY);
  const [asking, setAsking] = useState(false);
  const chosen = part.project !== null || part.from !== null || part.to !== null;
  const { count, error } = useCount(part, chosen);
  const wrong = part.from !== null && part.to !== null && Date.parse(part.to) <= Date.parse(part.from);
  return (
    <Panel title="Delete requests">
      <div className={classes.form}>
        <p className={classes.about}>
          From the history, from what reports count and, where they are kept, with their prompts and answers.
          Requests that are running stay.
        </p>
        <div className={classes.fields}>
          <ProjectSelect
            label="Project"
            placeholder="Any project"
            projects={projects}
            value={part.project}
            onChange={project => setPart({ ...part, project })}
          />
          <Moment label="From" value={part.from} onChange={from => setPart({ ...part, from })} />
          <Moment label="Before" value={part.to} onChange={to => setPart({ ...part, to })} />
          <Button
            color="red"
            variant="light"
            disabled={!chosen || wrong || !count}
            onClick={() => setAsking(true)}
          >
            Delete…
          </Button>
        </div>
        <p role="status" className={classes.about}>
          {!chosen && "Choose a project, a range of time, or both."}
          {wrong && "The end is before the start."}
          {chosen && !wrong && count !== null && `${plural(count, "request")} would be deleted.`}
        </p>
        {error && <ErrorNote title="The requests can't be counted" message={error} />}
      </div>
      <Confirm
        opened={asking}
        title={`Delete ${plural(count ?? 0, "request")}?`}
        confirm={`Delete ${formatCount(count ?? 0)}`}
        onConfirm={async () => {
          const done = await api.call("usage.delete", part);
          notifyDone("Deleted", `${plural(done.requests, "request")} are gone from the history.`);
          setPart(EMPTY);
        }}
        onClose={() => setAsking(false)}
      >
        {described(part)} That can't be taken back. A backup keeps them.
      </Confirm>
    </Panel>
  );
}

function described({ project, from, to }: Part): string {
  const whose =
    project === null ? "Of all projects" : project ? `Of the project ${project}` : "Of no project";
  const since = from ? `, from ${formatMoment(from)}` : "";
  return `${whose}${since}${to ? `, before ${formatMoment(to)}` : ""}.`;
}

function Moment({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string | null;
  onChange(moment: string | null): void;
}) {
  const at = value === null ? null : new Date(value);
  const local = at && new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  return (
    <TextInput
      type="datetime-local"
      label={label}
      value={local ?? ""}
      onChange={event => {
        const typed = new Date(event.currentTarget.value);
        onChange(Number.isNaN(typed.getTime()) ? null : typed.toISOString());
      }}
    />
  );
}
