import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { ErrorNote } from "./States";
import { useTask } from "./useTask";

interface Props {
  opened: boolean;
  title: string;
  children: ReactNode;
  /** What the button that does it says. */
  confirm: string;
  onConfirm(): Promise<unknown>;
  onClose(): void;
}

/** Asks before something that can't be taken back. */
export function Confirm({ opened, title, children, confirm, onConfirm, onClose }: Props) {
  const task = useTask();
  const close = () => {
    task.clear();
    onClose();
  };
  return (
    <Modal opened={opened} onClose={close} title={title} role="alertdialog" aria-label={title}>
      <Stack gap="md">
        <Text component="div">{children}</Text>
        {task.error && <ErrorNote title="That did not work" message={task.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close} data-autofocus>
            Cancel
          </Button>
          <Button
            color="red"
            loading={task.busy}
            onClick={async () => {
              if (await task.run(onConfirm)) close();
            }}
          >
            {confirm}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
