import { Button, FileButton, Group, Loader } from "@mantine/core";
import { IconDatabaseExport, IconDatabaseImport } from "@tabler/icons-react";
import { useState } from "react";
import { api } from "../../api";
import { formatBytes, plural } from "../../lib/numbers";
import { backUp } from "../../state/stored";
import { notifyDone } from "../../ui/notify";
import { Panel } from "../../ui/Page";
import { ErrorNote } from "../../ui/States";
import { useTask } from "../../ui/useTask";
import classes from "./Data.module.css";

/** Writes the whole database to a file, and puts back what a backup has and the history lacks. */
export function BackupPanel() {
  const task = useTask();
  const [doing, setDoing] = useState("");
  const run = (what: string, work: () => Promise<unknown>) => {
    setDoing(what);
    void task.run(work);
  };
  const restore = (file: File | null) =>
    run(file ? `Reading the backup, ${formatBytes(file.size)}` : "Reading the backup", async () => {
      const requests = await api.restore(file);
      if (requests !== null) notifyDone("Restored", `${plural(requests, "request")} were put back.`);
    });
  const inWindow = api.kind === "window";
  return (
    <Panel title="Backup">
      <div className={classes.form}>
        <p className={classes.about}>
          A backup is the whole database: usage history, conversations and the hashes of API keys, without
          credentials and without kept prompts and answers. It is made while requests go on. Restoring puts
          back the requests that the history lacks, and changes nothing else.
        </p>
        <Group gap="xs">
          <Button
            variant="default"
            leftSection={<IconDatabaseExport size={15} />}
            disabled={task.busy}
            onClick={() => run("Writing the backup", backUp)}
          >
            Back up now
          </Button>
          {inWindow ? (
            <Button
              variant="default"
              leftSection={<IconDatabaseImport size={15} />}
              disabled={task.busy}
              onClick={() => restore(null)}
            >
              Restore…
            </Button>
          ) : (
            <FileButton accept=".db" onChange={file => file && restore(file)}>
              {props => (
                <Button
                  {...props}
                  variant="default"
                  leftSection={<IconDatabaseImport size={15} />}
                  disabled={task.busy}
                >
                  Restore…
                </Button>
              )}
            </FileButton>
          )}
          <span role="status" className={classes.progress}>
            {task.busy && (
              <>
                <Loader size={14} aria-hidden /> {doing}…
              </>
            )}
          </span>
        </Group>
        {task.error && <ErrorNote title="That did not work" message={task.error} />}
      </div>
    </Panel>
  );
}
