import { Button, NumberInput } from "@mantine/core";
import { useEffect, useState } from "react";
import type { Settings } from "../../api";
import { plural } from "../../lib/numbers";
import { applyChanges, change } from "../../state/settings";
import { requestsBefore } from "../../state/stored";
import { announce } from "../../ui/announce";
import { Confirm } from "../../ui/Confirm";
import { Panel } from "../../ui/Page";
import { ErrorNote } from "../../ui/States";
import { useTask } from "../../ui/useTask";
import classes from "./Data.module.css";

const DAY_MS = 86_400_000;

const numberOf = (value: string | number): number | null => (typeof value === "number" ? value : null);

/** How much of the usage history is kept: by age, and by the size of the database. */
export function HistoryPanel({ history }: { history: Settings["history"] }) {
  const [days, setDays] = useState<number | null>(history.keepDays ?? null);
  const [megabytes, setMegabytes] = useState<number | null>(history.maxMegabytes ?? null);
  useEffect(() => {
    setDays(history.keepDays ?? null);
    setMegabytes(history.maxMegabytes ?? null);
  }, [history.keepDays, history.maxMegabytes]);
  const [older, setOlder] = useState<number | null>(null);
  const task = useTask();
  const changed = days !== (history.keepDays ?? null) || megabytes !== (history.maxMegabytes ?? null);
  const save = async () => {
    await applyChanges([
      change(["history", "keepDays"], days),
      change(["history", "maxMegabytes"], megabytes),
    ]);
    announce("Saved.");
  };
  // What would be deleted at once is told before.
  const ask = () =>
    task.run(async () => {
      const n = days === null ? 0 : await requestsBefore(new Date(Date.now() - days * DAY_MS));
      const smaller = megabytes !== null && megabytes < (history.maxMegabytes ?? Number.POSITIVE_INFINITY);
      if (n === 0 && !smaller) await save();
      else setOlder(n);
    });
  return (
    <Panel title="Usage history">
      <form
        className={classes.form}
        onSubmit={event => {
          event.preventDefault();
          void ask();
        }}
      >
        <p className={classes.about}>
          Every request is kept unless you say otherwise. Beyond a bound the oldest are deleted; budgets go on
          counting what they spent.
        </p>
        <div className={classes.fields}>
          <NumberInput
            label="Keep for days"
            placeholder="All"
            min={1}
            max={36_500}
            allowDecimal={false}
            value={days ?? ""}
            onChange={value => setDays(numberOf(value))}
            className={classes.number}
          />
          <NumberInput
            label="Database up to megabytes"
            placeholder="Any size"
            min={50}
            max={1 << 20}
            allowDecimal={false}
            value={megabytes ?? ""}
            onChange={value => setMegabytes(numberOf(value))}
            className={classes.number}
          />
          <Button type="submit" disabled={!changed} loading={task.busy}>
            Save
          </Button>
        </div>
        {task.error && <ErrorNote title="Nothing was saved" message={task.error} />}
      </form>
      <Confirm
        opened={older !== null}
        title="Delete what is beyond?"
        confirm="Save and delete"
        onConfirm={save}
        onClose={() => setOlder(null)}
      >
        {older !== null && older > 0 && <p>{plural(older, "request")} from before will be deleted now.</p>}
        {megabytes !== null && (
          <p>Should the database hold more than {megabytes} MB, its oldest requests are deleted as well.</p>
        )}
        <p>That can't be taken back. A backup keeps them.</p>
      </Confirm>
    </Panel>
  );
}
