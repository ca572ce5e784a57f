import { Button, Select } from "@mantine/core";
import { useState } from "react";
import type { ProjectContents } from "../../api";
import { formatBytes, formatCount, plural } from "../../lib/numbers";
import { sentences } from "../../lib/text";
import { contents, keepContents, keepText, projectName } from "../../state/contents";
import { useResource } from "../../state/resource";
import { useProjects } from "../../state/stored";
import { announce } from "../../ui/announce";
import { Confirm } from "../../ui/Confirm";
import { Panel } from "../../ui/Page";
import { ErrorNote } from "../../ui/States";
import { useTask } from "../../ui/useTask";
import classes from "./Data.module.css";
import { ProjectSelect } from "./ProjectSelect";

const TIMES = ["1h", "8h", "24h", "7d", "30d", "90d"].map(value => ({ value, label: keepText(value) }));

/** Whose prompts and answers are kept, and for how long. */
export function ContentsPanel() {
  const { data, error } = useResource(contents);
  const [off, setOff] = useState<ProjectContents | null>(null);
  return (
    <Panel title="Prompts and answers">
      <div className={classes.form}>
        <p className={classes.about}>
          They are not kept, unless you turn it on for a project, for a time. Then the requests of the Usage
          page show what was sent and answered. It is on this machine alone, without the secrets in it, and in
          no backup. The chat keeps its own conversations.
        </p>
        {error && (
          <ErrorNote
            title="What is kept can't be told"
            message={error}
            retry={() => void contents.reload()}
          />
        )}
        {data && data.projects.length > 0 && (
          <table className={classes.table}>
            <caption className="visually-hidden">Whose prompts and answers are kept</caption>
            <thead>
              <tr>
                <th scope="col">Project</th>
                <th scope="col">Kept for</th>
                <th scope="col">Requests</th>
                <th scope="col">Size</th>
                <th scope="col">
                  <span className="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {data.projects.map(p => (
                <tr key={`=${p.project}`}>
                  <th scope="row">{projectName(p.project)}</th>
                  <td>{p.keep ? keepText(p.keep) : "–"}</td>
                  <td>{formatCount(p.requests)}</td>
                  <td>{formatBytes(p.bytes)}</td>
                  <td>
                    <Button
                      size="compact-xs"
                      variant="default"
                      aria-label={`Turn off for ${projectName(p.project)}`}
                      onClick={() => setOff(p)}
                    >
                      Turn off
                    </Button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        {data && data.projects.length > 0 && (
          <p className={classes.about}>
            {formatBytes(data.bytes)} of {formatBytes(data.maxBytes)} are used; beyond that the oldest go.
            {data.lost > 0 &&
              ` ${plural(data.lost, "request")} could not be kept since the start: too many at once.`}
          </p>
        )}
        {data?.problem && (
          <ErrorNote title="They can't be kept at the moment" message={sentences(data.problem)} />
        )}
        <KeepForm />
      </div>
      <Confirm
        opened={off !== null}
        title={`Turn off for ${projectName(off?.project ?? "")}?`}
        confirm="Turn off and remove"
        onConfirm={async () => {
          await keepContents(off?.project ?? "", "");
          announce("Turned off.");
        }}
        onClose={() => setOff(null)}
      >
        What is kept of {plural(off?.requests ?? 0, "request")} is removed at once. The requests stay in the
        usage history.
      </Confirm>
    </Panel>
  );
}

function KeepForm() {
  const projects = useProjects();
  const [project, setProject] = useState<string | null>(null);
  const [keep, setKeep] = useState("24h");
  const task = useTask();
  return (
    <form
      onSubmit={event => {
        event.preventDefault();
        void task.run(async () => {
          await keepContents(project ?? "", keep);
          announce(`Prompts and answers are kept for ${keepText(keep)}.`);
        });
      }}
    >
      <div className={classes.fields}>
        <ProjectSelect
          label="Keep those of"
          placeholder="Choose a project"
          projects={projects}
          value={project}
          onChange={setProject}
        />
        <Select
          label="For"
          data={TIMES}
          value={keep}
          onChange={value => setKeep(value ?? "24h")}
          allowDeselect={false}
          className={classes.number}
        />
        <Button type="submit" variant="default" disabled={project === null} loading={task.busy}>
          Keep them
        </Button>
      </div>
      {task.error && <ErrorNote title="Nothing was changed" message={task.error} />}
    </form>
  );
}
