import { ActionIcon, Button, NumberInput, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useState } from "react";
import type { SettingsGuards, SettingsRollout, SettingsStep } from "../../api";
import { change } from "../../state/settings";
import { clean, numberOf } from "./clean";
import { Editor } from "./Draft";
import { useKept } from "./kept";
import { ModelField } from "./ModelField";
import { openList } from "./place";
import classes from "./Routing.module.css";

interface Props {
  /** The id of the one that is edited; empty for a new one. */
  id: string;
  value: SettingsRollout;
  taken: string[];
}

export const NEW_ROLLOUT: SettingsRollout = { from: "", to: "", percent: 5 };

export function RolloutForm({ id, value, taken }: Props) {
  const kept = `rollout ${id}`;
  const [newId, setId] = useKept(`${kept} id`, () => id);
  const [form, setForm] = useKept(`${kept} form`, () => value);
  const set = (part: Partial<SettingsRollout>) => setForm({ ...form, ...part });
  const name = (id || newId).trim();
  const guards = form.guards ?? {};
  const guard = (part: Partial<SettingsGuards>) => set({ guards: { ...guards, ...part } });
  const written = clean({ ...form, from: form.from.trim(), to: form.to.trim() }, ["from", "to", "percent"]);
  const blocked = !name
    ? "give it a name"
    : !id && taken.includes(name)
      ? "there is one of this name; edit that one instead"
      : !written.from || !written.to
        ? "name both models"
        : "";
  return (
    <Editor
      form={kept}
      title={id ? `The rollout ${id}` : "New rollout"}
      changes={[change(["rollouts", name || "name"], written)]}
      blocked={blocked}
      saved={`The rollout ${name} is saved.`}
      onSaved={() => openList("rollouts")}
      onCancel={() => openList("rollouts")}
    >
      {!id && (
        <TextInput
          label="Name"
          value={newId}
          onChange={event => setId(event.currentTarget.value)}
          spellCheck={false}
          required
        />
      )}
      <ModelField
        label="Model that is asked for"
        value={form.from}
        onChange={from => set({ from })}
        required
      />
      <ModelField
        label="Model that gets a share of it"
        value={form.to}
        onChange={to => set({ to })}
        required
      />
      <NumberInput
        label="Share of the conversations"
        description="A conversation stays with the model that it began with"
        suffix=" %"
        decimalScale={2}
        value={form.percent}
        onChange={percent => set({ percent: numberOf(percent) ?? 0 })}
      />
      <Steps value={form.steps ?? []} onChange={steps => set({ steps })} />
      <div role="group" aria-label="Guards" className={classes.stack}>
        <div>
          <div className={classes.label}>Guards</div>
          <div className={classes.hint}>
            It is rolled back by itself when the new model does worse than this.
          </div>
        </div>
        <div className={classes.fields}>
          <NumberInput
            label="Failed requests, at most"
            suffix=" %"
            placeholder="No guard"
            decimalScale={2}
            value={guards.errorPercent ?? ""}
            onChange={n => guard({ errorPercent: numberOf(n) })}
          />
          <NumberInput
            label="First token (p75), at most"
            suffix=" ms"
            placeholder="No guard"
            allowDecimal={false}
            step={100}
            value={guards.firstTokenMs ?? ""}
            onChange={n => guard({ firstTokenMs: numberOf(n) })}
          />
          <TextInput
            label="Mean cost, at most (USD)"
            placeholder="No guard"
            value={guards.costPerRequest ?? ""}
            onChange={event => guard({ costPerRequest: event.currentTarget.value.trim() })}
          />
          <NumberInput
            label="Requests before one may trip"
            placeholder="20"
            allowDecimal={false}
            value={guards.leastRequests ?? ""}
            onChange={n => guard({ leastRequests: numberOf(n) })}
          />
          <TextInput
            label="How far back they look"
            placeholder="1h"
            value={guards.window ?? ""}
            onChange={event => guard({ window: event.currentTarget.value.trim() })}
          />
        </div>
      </div>
    </Editor>
  );
}

function Steps({ value, onChange }: { value: SettingsStep[]; onChange(value: SettingsStep[]): void }) {
  const [rows, setRows] = useState(() => value.map((step, id) => ({ id, ...step })));
  const set = (next: typeof rows) => {
    setRows(next);
    onChange(next.map(({ after, percent }) => ({ after, percent })));
  };
  const edit = (id: number, part: Partial<SettingsStep>) =>
    set(rows.map(row => (row.id === id ? { ...row, ...part } : row)));
  const next = Math.max(-1, ...rows.map(row => row.id)) + 1;
  return (
    <div role="group" aria-label="Schedule">
      <div className={classes.label}>Schedule</div>
      <div className={classes.hint}>
        Raises the share by itself, so long after the start, while no guard trips.
      </div>
      {rows.map((row, i) => (
        <div key={row.id} className={classes.step}>
          <TextInput
            aria-label={`Step ${i + 1} after`}
            placeholder="24h"
            value={row.after}
            onChange={event => edit(row.id, { after: event.currentTarget.value.trim() })}
          />
          <NumberInput
            aria-label={`Share from step ${i + 1} on`}
            suffix=" %"
            decimalScale={2}
            value={row.percent}
            onChange={percent => edit(row.id, { percent: numberOf(percent) ?? 0 })}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            c="dimmed"
            aria-label={`Take step ${i + 1} out`}
            onClick={() => set(rows.filter(r => r.id !== row.id))}
          >
            <IconX size={15} />
          </ActionIcon>
        </div>
      ))}
      <Button
        size="compact-sm"
        variant="subtle"
        className={classes.more}
        leftSection={<IconPlus size={14} />}
        onClick={() => set([...rows, { id: next, after: `${24 * (rows.length + 1)}h`, percent: 25 }])}
      >
        Add a step
      </Button>
    </div>
  );
}
