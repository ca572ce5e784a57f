import { Button, Group, Modal, Stack } from "@mantine/core";
import { useEffect, useState } from "react";
import { api, type StrayFile, type StrayPlan } from "../../api";
import { messageOf } from "../../lib/errors";
import { foundKeys } from "../../state/found";
import { announce } from "../../ui/announce";
import { ErrorNote, Loading } from "../../ui/States";
import { useTask } from "../../ui/useTask";
import { Changes } from "./Changes";
import { Notices } from "./Steps";

/** Shows what becomes of a file, and does it once that is agreed to. */
export function FoundDialog({ file, onClose }: { file: StrayFile; onClose(): void }) {
  const [state, setState] = useState<{ plan: StrayPlan | null; error: string }>({ plan: null, error: "" });
  const task = useTask();
  const change = { path: file.path, revert: file.moved };
  const { path, moved } = file;
  useEffect(() => {
    let current = true;
    api.call("stray.plan", { path, revert: moved }).then(
      plan => current && setState({ plan, error: "" }),
      error => current && setState({ plan: null, error: messageOf(error) }),
    );
    return () => {
      current = false;
    };
  }, [path, moved]);
  const apply = () =>
    task.run(async () => {
      const done = await api.call(moved ? "stray.revert" : "stray.move", change);
      announce(moved ? "The keys are back in the file." : "The keys are in the keychain.");
      await foundKeys.reload();
      if (done.notices.length === 0) onClose();
      else setState({ plan: { ...done, diff: "" }, error: "" });
    });
  return (
    <Modal
      opened
      onClose={onClose}
      title={moved ? "Put the keys back" : "Move the keys into the keychain"}
      size="xl"
    >
      <Stack gap="md">
        {state.error && <ErrorNote title="This can't be done" message={state.error} />}
        {!state.plan && !state.error && <Loading what="the change" rows={2} />}
        {state.plan?.diff && <Changes diff={state.plan.diff} />}
        {state.plan && <Notices list={state.plan.notices} />}
        {task.error && <ErrorNote title="Nothing was changed" message={task.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {state.plan && !state.plan.diff ? "Close" : "Cancel"}
          </Button>
          {state.plan?.diff && (
            <Button loading={task.busy} onClick={() => void apply()} data-autofocus>
              {moved ? "Put them back" : "Move them"}
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  );
}
