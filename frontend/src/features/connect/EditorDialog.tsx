import { Button, Group, Modal, Stack } from "@mantine/core";
import { useEffect, useState } from "react";
import { api, type Editor, type EditorPlan } from "../../api";
import { messageOf } from "../../lib/errors";
import { editors, models } from "../../state/lists";
import { ACTIVE, activeOption, modelOptions } from "../../state/models";
import { useResource } from "../../state/resource";
import { useStatus } from "../../state/session";
import { announce } from "../../ui/announce";
import { SearchSelect } from "../../ui/SearchSelect";
import { ErrorNote, Loading } from "../../ui/States";
import { useTask } from "../../ui/useTask";
import { Changes } from "./Changes";
import classes from "./Connect.module.css";
import { Notices, Steps } from "./Steps";

interface Props {
  editor: Editor;
  /** Whether the connection is to be taken back. */
  revert: boolean;
  onClose(): void;
}

/** Shows what would change in an editor's settings, and changes it once that is agreed to. */
export function EditorDialog({ editor, revert, onClose }: Props) {
  const [model, setModel] = useState(editor.model || ACTIVE);
  const [done, setDone] = useState<EditorPlan | null>(null);
  const planned = usePlan(editor.id, model, revert, done !== null);
  const task = useTask();
  const { name } = editor;
  // What was asked for stays the title once it is done.
  const [title] = useState(
    revert ? `Take back ${name}` : editor.connected ? `Change ${name}` : `Connect ${name}`,
  );
  const byHand = editor.files.length === 0;

  const apply = () =>
    task.run(async () => {
      const made = revert
        ? await api.call("connect.revert", { editor: editor.id })
        : await api.call("connect.apply", { editor: editor.id, model });
      setDone(made);
      announce(revert ? `${name} is as it was.` : `${name} is connected.`);
      await editors.reload();
    });

  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      size="xl"
      closeOnClickOutside={!done || done.steps.length === 0}
    >
      <Stack gap="md">
        {done ? (
          <Done name={name} revert={revert} plan={done} />
        ) : (
          <>
            {!revert && <ModelChoice value={model} onChange={setModel} />}
            {planned.error && <ErrorNote title="This can't be done" message={planned.error} />}
            {!planned.plan && !planned.error && <Loading what="the change" rows={3} />}
            {planned.plan && <Proposal plan={planned.plan} name={name} revert={revert} byHand={byHand} />}
            {task.error && <ErrorNote title="Nothing was changed" message={task.error} />}
          </>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {done ? "Close" : "Cancel"}
          </Button>
          {!done && (
            <Button loading={task.busy} disabled={!planned.plan} onClick={() => void apply()} data-autofocus>
              {revert ? "Take it back" : byHand ? "Make a key and show the steps" : "Make this change"}
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  );
}

/** Asks for the change anew whenever the model is another. */
function usePlan(editor: string, model: string, revert: boolean, over: boolean) {
  const [state, setState] = useState<{ plan: EditorPlan | null; error: string }>({ plan: null, error: "" });
  useEffect(() => {
    if (over) return;
    let current = true;
    api.call("connect.plan", { editor, model, revert }).then(
      plan => current && setState({ plan, error: "" }),
      error => current && setState({ plan: null, error: messageOf(error) }),
    );
    return () => {
      current = false;
    };
  }, [editor, model, revert, over]);
  return state;
}

function ModelChoice({ value, onChange }: { value: string; onChange(model: string): void }) {
  const { data, error } = useResource(models);
  const { activeModel } = useStatus();
  const options = [activeOption(activeModel), ...modelOptions(data?.models ?? [])];
  return (
    <div className={classes.model}>
      <span aria-hidden>Model</span>
      <SearchSelect
        label="Model"
        value={value}
        options={options}
        placeholder="Choose a model"
        nothing={error || "No model is called that."}
        onChange={onChange}
      />
    </div>
  );
}

function Proposal(props: { plan: EditorPlan; name: string; revert: boolean; byHand: boolean }) {
  const { plan, name, revert, byHand } = props;
  return (
    <>
      {plan.diff ? (
        <Changes diff={plan.diff} />
      ) : (
        <p>
          {revert
            ? `No file of ${name} has to change; its key is revoked.`
            : byHand
              ? `${name} lets no other program change its settings. It gets a key of its own, and you enter three values.`
              : "Its settings say this already."}
        </p>
      )}
      <Notices list={plan.notices} />
      {!revert && !byHand && (
        <p className={classes.soft}>{name} gets a key of its own, good for this machine only.</p>
      )}
    </>
  );
}

function Done({ name, revert, plan }: { name: string; revert: boolean; plan: EditorPlan }) {
  if (revert) {
    return (
      <>
        <p role="status">{name} is as it was, and its key is revoked.</p>
        <Notices list={plan.notices} />
      </>
    );
  }
  return (
    <>
      <p role="status">
        {plan.files.length > 0
          ? `${name} is connected. If it is running, restart it.`
          : `The key is made. This is the only time it is shown.`}
      </p>
      <Steps list={plan.steps} />
      <Notices list={plan.notices} />
    </>
  );
}
