import { Button, Modal, Select, Stack, TagsInput, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, type CreatedKey } from "../../api";
import { CopyButton } from "../../ui/Copy";
import { ErrorNote } from "../../ui/States";
import { useTask } from "../../ui/useTask";
import classes from "./Keys.module.css";
import { NO_RATES, RateFields } from "./RateFields";

const expiries = [
  { value: "7d", label: "In 7 days" },
  { value: "30d", label: "In 30 days" },
  { value: "90d", label: "In 90 days" },
  { value: "1y", label: "In a year" },
  { value: "", label: "Never" },
];

/** Asks what a new key is for, makes it and shows it, this once. */
export function NewKeyDialog({ opened, onClose }: { opened: boolean; onClose(): void }) {
  const [created, setCreated] = useState<CreatedKey | null>(null);
  const close = () => {
    onClose();
    setCreated(null);
  };
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={created ? `The key “${created.key.name}”` : "New key"}
      closeOnClickOutside={!created}
    >
      {created ? <Once created={created} onDone={close} /> : <Form onCreated={setCreated} onCancel={close} />}
    </Modal>
  );
}

function Form({ onCreated, onCancel }: { onCreated(key: CreatedKey): void; onCancel(): void }) {
  const [name, setName] = useState("");
  const [project, setProject] = useState("");
  const [models, setModels] = useState<string[]>([]);
  const [expires, setExpires] = useState("90d");
  const [budget, setBudget] = useState("");
  const [rates, setRates] = useState(NO_RATES);
  const [more, setMore] = useState(false);
  const task = useTask();
  return (
    <form
      onSubmit={event => {
        event.preventDefault();
        void task.run(async () => {
          onCreated(
            await api.call("keys.create", {
              name: name.trim(),
              project: project.trim(),
              models,
              expires,
              budget: budget.trim(),
              ...rates,
            }),
          );
        });
      }}
    >
      <Stack gap="sm">
        <TextInput
          data-autofocus
          required
          label="Name"
          description="Where the key is going to be used"
          placeholder="cline"
          value={name}
          onChange={event => setName(event.currentTarget.value)}
        />
        <TextInput
          label="Project"
          description="Usage is added up by project"
          value={project}
          onChange={event => setProject(event.currentTarget.value)}
        />
        <TagsInput
          label="Models"
          description="Patterns such as openai/*; none means all models"
          placeholder={models.length === 0 ? "All models" : ""}
          value={models}
          onChange={setModels}
          splitChars={[",", " "]}
          acceptValueOnBlur
        />
        <Select
          label="Expires"
          data={expiries}
          value={expires}
          onChange={value => setExpires(value ?? "")}
          allowDeselect={false}
        />
        <TextInput
          label="Budget"
          description="What it may spend, such as 20/month (US dollars), 2M tokens/day or 500 requests/week"
          placeholder="No budget"
          value={budget}
          onChange={event => setBudget(event.currentTarget.value)}
        />
        <Button
          size="compact-sm"
          variant="subtle"
          className={classes.more}
          aria-expanded={more}
          onClick={() => {
            setMore(!more);
            setRates(NO_RATES);
          }}
        >
          {more ? "No rate limits" : "Rate limits"}
        </Button>
        {more && <RateFields value={rates} onChange={setRates} />}
        {task.error && <ErrorNote title="No key was made" message={task.error} />}
        <div className={classes.buttons}>
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
          <Button type="submit" loading={task.busy} disabled={!name.trim()}>
            Create
          </Button>
        </div>
      </Stack>
    </form>
  );
}

function Once({ created, onDone }: { created: CreatedKey; onDone(): void }) {
  return (
    <Stack gap="sm">
      <p>Copy it now: it is shown this once. Only its hash is kept.</p>
      <code className={classes.secret}>{created.secret}</code>
      <div className={classes.buttons}>
        <Button variant="default" onClick={onDone}>
          Done
        </Button>
        <CopyButton text={created.secret} what="key" primary />
      </div>
    </Stack>
  );
}
