import { Button, Menu, Modal, TextInput } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { useState } from "react";
import { api, type PromptList } from "../../api";
import { plural } from "../../lib/numbers";
import { attempt } from "../../ui/notify";
import { useTask } from "../../ui/useTask";
import classes from "./Compare.module.css";
import { takePrompts } from "./draft";

/** Takes saved prompts, saves those written, removes saved ones. */
export function SavedPrompts({ lists, prompts }: { lists: PromptList[]; prompts: string[] }) {
  const [saving, setSaving] = useState(false);
  return (
    <>
      <Menu position="bottom-end" shadow="md" width={260}>
        <Menu.Target>
          <Button variant="default" size="compact-sm" rightSection={<IconChevronDown size={14} />}>
            Saved prompts
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {lists.map(list => (
            <Menu.Item
              key={list.name}
              onClick={() => takePrompts(list)}
              rightSection={<span className={classes.faint}>{plural(list.prompts.length, "prompt")}</span>}
            >
              {list.name}
            </Menu.Item>
          ))}
          {lists.length > 0 && <Menu.Divider />}
          <Menu.Item disabled={prompts.length === 0} onClick={() => setSaving(true)}>
            Save these prompts…
          </Menu.Item>
          {lists.map(list => (
            <Menu.Item key={list.name} color="red" onClick={() => void remove(list.name)}>
              Remove “{list.name}”
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {saving && <Save prompts={prompts} onClose={() => setSaving(false)} />}
    </>
  );
}

function remove(name: string) {
  return attempt("Removing the prompts failed", () => api.call("compare.savePrompts", { name, prompts: [] }));
}

function Save({ prompts, onClose }: { prompts: string[]; onClose(): void }) {
  const [name, setName] = useState("");
  const task = useTask();
  return (
    <Modal opened onClose={onClose} title="Save these prompts">
      <form
        onSubmit={async event => {
          event.preventDefault();
          event.stopPropagation(); // it would reach the form that the menu stands in
          if (await task.run(() => api.call("compare.savePrompts", { name, prompts }))) onClose();
        }}
      >
        <TextInput
          data-autofocus
          label="Name"
          description="Prompts that have this name already are replaced."
          value={name}
          error={task.error}
          onChange={event => setName(event.currentTarget.value)}
        />
        <div className={classes.dialogButtons}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={task.busy} disabled={!name.trim()}>
            Save
          </Button>
        </div>
      </form>
    </Modal>
  );
}
