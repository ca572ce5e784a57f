import { Button, Group, NumberInput } from "@mantine/core";
import { IconPlus, IconTrendingUp } from "@tabler/icons-react";
import { useState } from "react";
import { api, type Progress, type RolloutList } from "../../api";
import { sentences } from "../../lib/text";
import { formatAgo, formatMoment } from "../../lib/time";
import { useResource } from "../../state/resource";
import { rollouts } from "../../state/routing";
import { change, settings } from "../../state/settings";
import { announce } from "../../ui/announce";
import { Confirm } from "../../ui/Confirm";
import { Mood, type Tone } from "../../ui/Dot";
import { Panel } from "../../ui/Page";
import { Empty, ErrorNote, Loading } from "../../ui/States";
import { useNow } from "../../ui/useNow";
import { useTask } from "../../ui/useTask";
import { Comparison } from "./Comparison";
import { numberOf } from "./clean";
import { ChangeDialog } from "./Draft";
import { formatShare } from "./estimate";
import { openEdit, openNew, type Place } from "./place";
import { NEW_ROLLOUT, RolloutForm } from "./RolloutForm";
import classes from "./Routing.module.css";

export function Rollouts({ place }: { place: Place }) {
  const file = useResource(settings);
  const { data, error } = useResource(rollouts);
  const failed = file.error || error;
  if (!data || !file.data) {
    return failed ? (
      <ErrorNote title="The rollouts can't be listed" message={failed} retry={() => void rollouts.reload()} />
    ) : (
      <Loading what="rollouts" rows={3} height={80} />
    );
  }
  const written = file.data.effective.rollouts ?? {};
  const taken = Object.keys(written);
  if (place.kind === "new") return <RolloutForm key="" id="" value={NEW_ROLLOUT} taken={taken} />;
  const value = place.kind === "edit" ? written[place.name] : undefined;
  if (place.kind === "edit" && value) {
    return <RolloutForm key={place.name} id={place.name} value={value} taken={taken} />;
  }
  return <List of={data} />;
}

function List({ of: { rollouts: list } }: { of: RolloutList }) {
  return (
    <div className={classes.stack}>
      <div className={classes.bar}>
        <p className={classes.soft}>
          A rollout sends a share of a model's conversations to another, compares both, and goes back by
          itself when the new one does worse than you allow.
        </p>
        <Button leftSection={<IconPlus size={15} />} onClick={() => openNew("rollouts")}>
          New rollout
        </Button>
      </div>
      {list.length === 0 && (
        <Empty icon={<IconTrendingUp size={22} />} title="No rollouts yet">
          Try a new model on a few percent of the conversations before all of them get it.
        </Empty>
      )}
      {list.map(rollout => (
        <Card key={rollout.id} of={rollout} />
      ))}
    </div>
  );
}

const STATES: Record<Progress["state"], { tone: Tone; text: string }> = {
  running: { tone: "good", text: "Running" },
  stopped: { tone: "quiet", text: "Stopped" },
  "rolled back": { tone: "bad", text: "Rolled back" },
};

function Card({ of: rollout }: { of: Progress }) {
  const now = useNow();
  const [asking, setAsking] = useState<"stop" | "delete" | null>(null);
  const state = STATES[rollout.state];
  const running = rollout.state === "running";
  return (
    <Panel title={rollout.id} aside={<Mood tone={state.tone}>{state.text}</Mood>}>
      <div className={classes.stack}>
        <p className={classes.summary}>
          {running
            ? `${formatShare(rollout.share)} of the conversations with `
            : `All conversations stay with `}
          <code className="mono">{rollout.from}</code>
          {running ? " go to " : ", none goes to "}
          <code className="mono">{rollout.to}</code>.
        </p>
        {rollout.why && (
          <p className={classes.reason} data-bad={rollout.state === "rolled back" || undefined}>
            {sentences(rollout.why)}{" "}
            {rollout.since && (
              <span className={classes.faint} title={formatMoment(rollout.since)}>
                {formatAgo(rollout.since, now)}
              </span>
            )}
          </p>
        )}
        {rollout.nextStep && rollout.nextShare !== null && (
          <p className={classes.soft} title={formatMoment(rollout.nextStep)}>
            Goes to {formatShare(rollout.nextShare)} {formatAgo(rollout.nextStep, now)}.
          </p>
        )}
        <Comparison of={rollout} />
        <Controls of={rollout} onStop={() => setAsking("stop")} onDelete={() => setAsking("delete")} />
      </div>
      <Confirm
        opened={asking === "stop"}
        title={`Roll ${rollout.id} back?`}
        confirm="Roll back"
        onClose={() => setAsking(null)}
        onConfirm={() => api.call("rollouts.stop", { rollout: rollout.id })}
      >
        All conversations go to {rollout.from} again, from their next request on.
      </Confirm>
      {asking === "delete" && (
        <ChangeDialog
          title={`Delete the rollout ${rollout.id}?`}
          confirm="Delete"
          danger
          changes={[change(["rollouts", rollout.id])]}
          saved={`The rollout ${rollout.id} is deleted.`}
          onClose={() => setAsking(null)}
        >
          Its comparison is deleted with it.
        </ChangeDialog>
      )}
    </Panel>
  );
}

/** The steps that are offered, in hundredths of a percent. */
const LADDER = [100, 500, 1000, 2500, 5000, 10_000];

interface ControlProps {
  of: Progress;
  onStop(): void;
  onDelete(): void;
}

function Controls({ of: rollout, onStop, onDelete }: ControlProps) {
  const task = useTask();
  const [typed, setTyped] = useState<string | number>(rollout.share / 100);
  const running = rollout.state === "running";
  const next = LADDER.find(share => share > rollout.share);
  const set = (share: number) =>
    void task.run(async () => {
      await api.call("rollouts.set", { rollout: rollout.id, share });
      setTyped(share / 100);
      announce(`${rollout.to} gets ${formatShare(share)} now.`);
    });
  const percent = numberOf(typed);
  const share = percent === undefined ? undefined : Math.round(percent * 100);
  return (
    <>
      {task.error && <ErrorNote title="That did not work" message={task.error} />}
      <Group gap="xs">
        {running && next && (
          <Button loading={task.busy} onClick={() => set(next)}>
            Raise to {formatShare(next)}
          </Button>
        )}
        {running && (
          <Group gap={6} wrap="nowrap">
            <NumberInput
              aria-label={`Share of ${rollout.id}`}
              suffix=" %"
              min={0}
              max={100}
              decimalScale={2}
              w={110}
              value={typed}
              onChange={setTyped}
            />
            <Button
              variant="default"
              disabled={share === undefined || share === rollout.share}
              onClick={() => share !== undefined && set(share)}
              aria-label={`Set the share of ${rollout.id}`}
            >
              Set
            </Button>
          </Group>
        )}
        {running ? (
          <Button variant="default" onClick={onStop} aria-label={`Roll back ${rollout.id}`}>
            Roll back
          </Button>
        ) : (
          <Button
            loading={task.busy}
            onClick={() =>
              void task.run(async () => {
                await api.call("rollouts.resume", { rollout: rollout.id });
                announce(`${rollout.id} goes on.`);
              })
            }
            aria-label={`Go on with ${rollout.id}`}
          >
            Go on
          </Button>
        )}
        <Button
          variant="default"
          onClick={() => openEdit("rollouts", rollout.id)}
          aria-label={`Edit ${rollout.id}`}
        >
          Edit
        </Button>
        <Button variant="subtle" color="red" onClick={onDelete} aria-label={`Delete ${rollout.id}`}>
          Delete
        </Button>
      </Group>
    </>
  );
}
