import { Button, Group, Modal, Stack, Text, Tooltip } from "@mantine/core";
import type { ReactNode } from "react";
import { isShortcut, shortcutKeys } from "../../actions/shortcuts";
import type { Problem, SettingChange } from "../../api";
import { sentences } from "../../lib/text";
import { type DraftState, useDraft } from "../../state/settings";
import { announce } from "../../ui/announce";
import { Diff } from "../../ui/Diff";
import { Panel } from "../../ui/Page";
import { ErrorNote } from "../../ui/States";
import { type Task, useTask } from "../../ui/useTask";
import { forget } from "./kept";
import classes from "./Routing.module.css";

/** What would be written, with what is wrong with it. */
function DraftView({ draft, error, unready }: Pick<DraftState, "draft" | "error"> & { unready?: boolean }) {
  if (error) return <ErrorNote title="The settings can't be changed now" message={error} />;
  if (!draft) return null;
  return (
    <>
      {draft.problem && !unready && (
        <ErrorNote title={placeOf(draft.problem)} message={draft.problem.message} />
      )}
      {draft.diff ? (
        <Diff text={draft.diff} label="Change of the settings file" />
      ) : (
        <p className={classes.soft}>Nothing changes.</p>
      )}
    </>
  );
}

function placeOf({ line, column }: Problem): string {
  if (line === 0) return "This would be a mistake";
  return `A mistake at line ${line}${column > 0 ? `, column ${column}` : ""}`;
}

const SAVE = "mod+s";

const savable = ({ draft, stale, error }: DraftState) =>
  draft !== null && !stale && !error && draft.problem === null && draft.diff !== "";

interface EditorProps {
  title: string;
  /** What the form's state is kept under until it is saved or given up. */
  form: string;
  changes: SettingChange[];
  /** Why the form can't be saved though the settings would have no mistake; empty if it can. */
  blocked?: string;
  /** Said once it is saved. */
  saved: string;
  onSaved(): void;
  onCancel?: () => void;
  /** What comes under the change, such as a dry run with it. */
  below?: ReactNode;
  children: ReactNode;
}

/** A form beside what it makes of the settings file. */
export function Editor(props: EditorProps) {
  const state = useDraft(props.changes);
  const task = useTask();
  const ready = savable(state) && !props.blocked;
  const submit = () =>
    void task.run(async () => {
      await state.save();
      announce(props.saved);
      forget(props.form);
      props.onSaved();
    });
  const { onCancel } = props;
  const cancel =
    onCancel &&
    (() => {
      forget(props.form);
      onCancel();
    });
  return (
    <form
      className={classes.sides}
      data-form
      aria-label={props.title}
      onKeyDown={event => {
        if (!isShortcut(SAVE, event)) return;
        event.preventDefault(); // a browser would save the page
        if (ready && !task.busy) submit();
      }}
      onSubmit={event => {
        event.preventDefault();
        if (ready && !task.busy) submit();
      }}
    >
      <Panel title={props.title}>
        <div className={classes.stack}>{props.children}</div>
      </Panel>
      <div className={classes.beside}>
        <Panel title="In the settings file">
          <div className={classes.stack} aria-live="polite">
            <DraftView {...state} unready={Boolean(props.blocked)} />
            {props.blocked && <p className={classes.blocked}>{sentences(props.blocked)}</p>}
            <Buttons task={task} ready={ready} onCancel={cancel} />
          </div>
        </Panel>
        {props.below}
      </div>
    </form>
  );
}

function Buttons({ task, ready, onCancel }: { task: Task; ready: boolean; onCancel?: () => void }) {
  return (
    <>
      {task.error && <ErrorNote title="Nothing was saved" message={task.error} />}
      <Group justify="flex-end" gap="xs">
        {onCancel && (
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
        )}
        <Tooltip label={`Save (${shortcutKeys(SAVE).join("+")})`}>
          <Button type="submit" loading={task.busy} disabled={!ready} aria-keyshortcuts="Control+S">
            Save
          </Button>
        </Tooltip>
      </Group>
    </>
  );
}

interface ChangeDialogProps {
  title: string;
  /** What the button that does it says. */
  confirm: string;
  changes: SettingChange[];
  danger?: boolean;
  saved: string;
  onClose(): void;
  children?: ReactNode;
}

/** Shows what a change makes of the settings file, and makes it once that is agreed to. */
export function ChangeDialog(props: ChangeDialogProps) {
  const state = useDraft(props.changes);
  const task = useTask();
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={props.title}
      size="lg"
      role="alertdialog"
      aria-label={props.title}
    >
      <Stack gap="md">
        {props.children && <Text component="div">{props.children}</Text>}
        <DraftView {...state} />
        {task.error && <ErrorNote title="Nothing was saved" message={task.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={props.onClose} data-autofocus>
            Cancel
          </Button>
          <Button
            color={props.danger ? "red" : undefined}
            loading={task.busy}
            disabled={!savable(state)}
            onClick={async () => {
              if (!(await task.run(state.save))) return;
              announce(props.saved);
              props.onClose();
            }}
          >
            {props.confirm}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
