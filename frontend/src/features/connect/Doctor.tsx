import { Button } from "@mantine/core";
import { IconStethoscope } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { api, type Finding } from "../../api";
import { replaceRoute } from "../../state/route";
import { announce } from "../../ui/announce";
import { Mood, type Tone } from "../../ui/Dot";
import { Panel } from "../../ui/Page";
import { ErrorNote, Loading } from "../../ui/States";
import { useTask } from "../../ui/useTask";
import classes from "./Connect.module.css";

const states: Record<Finding["state"], { tone: Tone; text: string }> = {
  ok: { tone: "good", text: "Works" },
  warning: { tone: "warn", text: "Look at this" },
  failed: { tone: "bad", text: "Failed" },
  skipped: { tone: "quiet", text: "Not tried" },
};

/** The place on the page that runs the check when it is gone to. */
export const CHECK = "check";

/** Tries the endpoint the way each connected editor would; at once where that is what the page was opened for. */
export function Doctor({ at }: { at: boolean }) {
  const [findings, setFindings] = useState<Finding[] | null>(null);
  const task = useTask();
  const run = () =>
    task.run(async () => {
      const diagnosis = await api.call("doctor.run");
      setFindings(diagnosis.findings);
      const failed = diagnosis.findings.filter(f => f.state === "failed").length;
      announce(failed === 0 ? "Nothing failed." : `${failed} of ${diagnosis.findings.length} failed.`);
    });
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    if (!at) return;
    replaceRoute("connect");
    void latest.current();
  }, [at]);
  return (
    <Panel
      title="Does it work?"
      aside={
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconStethoscope size={15} />}
          loading={task.busy}
          onClick={() => void run()}
        >
          Check
        </Button>
      }
      flush={findings !== null}
    >
      {task.error && <ErrorNote title="The check did not run" message={task.error} />}
      {task.busy && !findings && <Loading what="the check" rows={3} />}
      {!findings && !task.busy && !task.error && (
        <p className={classes.soft}>
          Tries the endpoint as each connected editor would: its address, its key, its model, with a request
          for a few tokens.
        </p>
      )}
      {findings && (
        <ul className={classes.list} aria-label="Findings">
          {findings.map((f, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two findings may say the same
            <li key={i} className={classes.finding}>
              <Mood tone={states[f.state].tone}>{states[f.state].text}</Mood>
              <div>
                <strong>{f.subject}</strong>
                <span>{f.message}</span>
                {f.advice && <span className={classes.faint}>{f.advice}</span>}
              </div>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
