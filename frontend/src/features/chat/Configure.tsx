import { Button, Modal, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, type Conversation } from "../../api";
import { useTask } from "../../ui/useTask";
import classes from "./Chat.module.css";

/** The temperature as a number; null for the model's own, undefined where it is none. */
function temperatureOf(text: string): number | null | undefined {
  if (text.trim() === "") return null;
  const n = Number(text);
  return Number.isFinite(n) && n >= 0 && n <= 2 ? n : undefined;
}

/** What goes with every request of a conversation. */
export function Configure({ conversation, onClose }: { conversation: Conversation; onClose(): void }) {
  const [system, setSystem] = useState(conversation.system);
  const [heat, setHeat] = useState(conversation.temperature === null ? "" : String(conversation.temperature));
  const task = useTask();
  const temperature = temperatureOf(heat);
  return (
    <Modal opened onClose={onClose} title="System prompt and temperature">
      <form
        onSubmit={async event => {
          event.preventDefault();
          if (temperature === undefined) return;
          const work = () =>
            api.call("chat.configure", { conversation: conversation.id, system, temperature });
          if (await task.run(work)) onClose();
        }}
      >
        <Textarea
          data-autofocus
          label="System prompt"
          description="Goes before the whole conversation, from the next message on. Empty for none."
          autosize
          minRows={3}
          maxRows={12}
          value={system}
          onChange={event => setSystem(event.currentTarget.value)}
          error={task.error}
        />
        <TextInput
          mt="md"
          label="Temperature"
          description="0 to 2. Empty for the model's own; models that take none are sent none."
          inputMode="decimal"
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
    </Modal>
  );
}
