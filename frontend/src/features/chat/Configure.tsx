import { Button, Modal, SegmentedControl, Switch, Textarea, TextInput } from "@mantine/core";
import { useEffect, useState } from "react";
import { api, type ChatDefaults, type Conversation } from "../../api";
import { ErrorNote, Loading } from "../../ui/States";
import { type Task, useTask } from "../../ui/useTask";
import classes from "./Chat.module.css";

/** The temperature as a number; null for the model's own, undefined where it is none. */
function temperatureOf(text: string): number | null | undefined {
  if (text.trim() === "") return null;
  const n = Number(text);
  return Number.isFinite(n) && n >= 0 && n <= 2 ? n : undefined;
}

interface Props {
  /** Null for one that has not begun, which takes what is set for its model. */
  conversation: Conversation | null;
  model: string;
  onClose(): void;
}

/** What goes with every request of a conversation, or with those to a model where nothing else is set. */
export function Configure({ conversation, model, onClose }: Props) {
  const [whose, setWhose] = useState(conversation ? "conversation" : "model");
  const [defaults, setDefaults] = useState<ChatDefaults | null>(null);
  const loading = useTask();
  const { run } = loading;
  useEffect(() => {
    void run(async () => setDefaults(await api.call("chat.defaults", { model })));
  }, [model, run]);
  return (
    <Modal opened onClose={onClose} title="System prompt and temperature">
      {conversation && (
        <SegmentedControl
          fullWidth
          mb="md"
          aria-label="What they are for"
          value={whose}
          onChange={setWhose}
          data={[
            { value: "conversation", label: "This conversation" },
            { value: "model", label: "Default of the model" },
          ]}
        />
      )}
      {loading.error && <ErrorNote title="What is set can't be shown" message={loading.error} />}
      {!defaults && !loading.error && <Loading what="what is set" rows={2} height={60} />}
      {defaults && conversation && whose === "conversation" && (
        <OfConversation conversation={conversation} defaults={defaults} onClose={onClose} />
      )}
      {defaults && whose === "model" && <OfModel defaults={defaults} onClose={onClose} />}
    </Modal>
  );
}

function OfConversation(props: { conversation: Conversation; defaults: ChatDefaults; onClose(): void }) {
  const { conversation, defaults, onClose } = props;
  const [own, setOwn] = useState(conversation.configured);
  const task = useTask();
  const save = async (system: string, temperature: number | null) => {
    const work = () =>
      api.call("chat.configure", { conversation: conversation.id, system, temperature, defaults: !own });
    if (await task.run(work)) onClose();
  };
  return (
    <>
      <Switch
        mb="md"
        label="As set for the model"
        description={`What is set for ${defaults.model}, and for any other that is asked instead.`}
        checked={!own}
        onChange={event => setOwn(!event.currentTarget.checked)}
      />
      <Fields
        key={String(own)}
        system={own && conversation.configured ? conversation.system : defaults.system}
        temperature={own && conversation.configured ? conversation.temperature : defaults.temperature}
        fixed={!own}
        note="Goes before the whole conversation, from the next message on. Empty for none."
        task={task}
        onSave={save}
        onClose={onClose}
      />
    </>
  );
}

function OfModel({ defaults, onClose }: { defaults: ChatDefaults; onClose(): void }) {
  const task = useTask();
  const save = async (system: string, temperature: number | null) => {
    const work = () => api.call("chat.setDefaults", { model: defaults.model, system, temperature });
    if (await task.run(work)) onClose();
  };
  return (
    <Fields
      system={defaults.system}
      temperature={defaults.temperature}
      fixed={false}
      note={`Goes before conversations with ${defaults.model} that have no settings of their own. Empty for none.`}
      task={task}
      onSave={save}
      onClose={onClose}
    />
  );
}

interface FieldProps {
  system: string;
  temperature: number | null;
  /** True where they are shown and can't be changed. */
  fixed: boolean;
  note: string;
  task: Task;
  onSave(system: string, temperature: number | null): void;
  onClose(): void;
}

function Fields({ fixed, note, task, onSave, onClose, ...given }: FieldProps) {
  const [system, setSystem] = useState(given.system);
  const [heat, setHeat] = useState(given.temperature === null ? "" : String(given.temperature));
  const temperature = temperatureOf(heat);
  return (
    <form
      onSubmit={event => {
        event.preventDefault();
        if (temperature !== undefined) onSave(system, temperature);
      }}
    >
      <Textarea
        data-autofocus
        label="System prompt"
        description={note}
        autosize
        minRows={3}
        maxRows={12}
        disabled={fixed}
        value={system}
        onChange={event => setSystem(event.currentTarget.value)}
        error={task.error}
      />
      <TextInput
        mt="md"
        label="Temperature"
        description="0 to 2. Empty for the model's own; models that take none are sent none."
        inputMode="decimal"
        disabled={fixed}
        value={heat}
        onChange={event => setHeat(event.currentTarget.value)}
        error={temperature === undefined ? "A number from 0 to 2" : undefined}
      />
      <div className={classes.dialogButtons}>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" loading={task.busy} disabled={temperature === undefined}>
          Save
        </Button>
      </div>
    </form>
  );
}
