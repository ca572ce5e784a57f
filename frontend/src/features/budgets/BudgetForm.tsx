import {
  Autocomplete,
  Button,
  Collapse,
  Group,
  Modal,
  NumberInput,
  Select,
  Stack,
  TagsInput,
  TextInput,
} from "@mantine/core";
import { useEffect, useState } from "react";
import { api } from "../../api";
import { budgetOf, type Draft, PERIODS, UNITS } from "../../state/budgets";
import { keys, models } from "../../state/lists";
import { useResource } from "../../state/resource";
import { ErrorNote } from "../../ui/States";
import { useTask } from "../../ui/useTask";
import classes from "./Budgets.module.css";

interface Props {
  opened: boolean;
  draft: Draft;
  /** Tells that it changes a budget that there is. */
  existing: boolean;
  names: string[];
  onClose(): void;
}

/** Makes a budget, or changes one. */
export function BudgetForm({ opened, draft, existing, names, onClose }: Props) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={existing ? `The budget “${draft.name}”` : "New budget"}
      size="lg"
    >
      <Fields key={draft.name} start={draft} existing={existing} names={names} onClose={onClose} />
    </Modal>
  );
}

function Fields({ start, existing, names, onClose }: Omit<Props, "opened" | "draft"> & { start: Draft }) {
  const [draft, setDraft] = useState(start);
  const set = (part: Partial<Draft>) => setDraft({ ...draft, ...part });
  const task = useTask();
  const taken = !existing && names.includes(draft.name.trim());
  return (
    <form
      onSubmit={async event => {
        event.preventDefault();
        if (await task.run(() => api.call("budgets.set", budgetOf(draft)))) onClose();
      }}
    >
      <Stack gap="sm">
        <TextInput
          data-autofocus={existing ? undefined : true}
          required
          label="Name"
          placeholder="monthly"
          value={draft.name}
          disabled={existing}
          error={taken ? "There is a budget of this name" : undefined}
          onChange={event => set({ name: event.currentTarget.value })}
        />
        <div className={classes.limit}>
          <TextInput
            data-autofocus={existing ? true : undefined}
            required
            label="Limit"
            placeholder={draft.unit === "usd" ? "20" : draft.unit === "tokens" ? "2M" : "500"}
            value={draft.amount}
            onChange={event => set({ amount: event.currentTarget.value })}
          />
          <Select
            label="Of"
            data={[...UNITS]}
            value={draft.unit}
            onChange={unit => set({ unit: (unit ?? "usd") as Draft["unit"] })}
            allowDeselect={false}
          />
          <Select
            label="Per"
            data={[...PERIODS]}
            value={draft.per}
            onChange={per => set({ per: (per ?? "month") as Draft["per"] })}
            allowDeselect={false}
          />
        </div>
        <Scope draft={draft} set={set} />
        <Steps draft={draft} set={set} />
        {task.error && <ErrorNote title="The budget was not saved" message={task.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            type="submit"
            loading={task.busy}
            disabled={!draft.name.trim() || !draft.amount.trim() || taken}
          >
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface PartProps {
  draft: Draft;
  set(part: Partial<Draft>): void;
}

function Scope({ draft, set }: PartProps) {
  const list = useResource(keys).data?.keys ?? [];
  const known = useResource(models).data?.models ?? [];
  const ids = [...new Set(known.map(m => m.id))];
  const active = list.filter(k => !k.revokedAt);
  return (
    <fieldset className={classes.fieldset}>
      <legend>Over</legend>
      <p className={classes.soft}>
        Left empty, it is over everything. Patterns such as anthropic/* may stand anywhere.
      </p>
      <div className={classes.pair}>
        <Autocomplete
          label="API key"
          placeholder="Every key, and the chat"
          data={[...new Set(active.map(k => k.name))]}
          value={draft.key}
          onChange={key => set({ key })}
        />
        <Autocomplete
          label="Project"
          placeholder="Every project"
          data={[...new Set(active.map(k => k.project).filter(Boolean))]}
          value={draft.project}
          onChange={project => set({ project })}
        />
        <Autocomplete
          label="Model"
          placeholder="Every model"
          data={ids}
          limit={40}
          value={draft.model}
          onChange={model => set({ model })}
          spellCheck={false}
        />
        <TextInput
          label="Tag"
          placeholder="Every tag, and none"
          value={draft.tag}
          onChange={event => set({ tag: event.currentTarget.value })}
        />
      </div>
    </fieldset>
  );
}

function Steps({ draft, set }: PartProps) {
  const ids = [...new Set((useResource(models).data?.models ?? []).map(m => m.id))];
  const [open, setOpen] = useState(draft.fallback !== "");
  useEffect(() => setOpen(draft.fallback !== ""), [draft.fallback]);
  return (
    <>
      <TagsInput
        label="Warn at"
        description="Percentages; 50, 75 and 90 if there are none"
        value={draft.warn}
        onChange={warn => set({ warn })}
        splitChars={[",", " "]}
        acceptValueOnBlur
      />
      <Autocomplete
        label="Near the limit, let another model answer"
        description="A cheaper one, or one that runs on this machine. The limit holds for it too."
        placeholder="None: requests are refused at the limit"
        data={ids}
        limit={40}
        value={draft.fallback}
        onChange={fallback => set({ fallback })}
        spellCheck={false}
      />
      <Collapse expanded={open}>
        <NumberInput
          label="From how many percent on"
          min={1}
          max={100}
          value={draft.fallbackAt}
          onChange={value => set({ fallbackAt: Number(value) || 0 })}
        />
      </Collapse>
    </>
  );
}
