import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useEffect, useState } from "react";
import { ErrorNote } from "./States";
import { useTask } from "./useTask";

interface Props {
  opened: boolean;
  /** The budget's name. */
  name: string;
  /** How it stands, in words. */
  text: string;
  unit: "usd" | "tokens" | "requests";
  /** Until when the allowance holds, in words. */
  until: string;
  onAllow(amount: string): Promise<unknown>;
  onClose(): void;
}

const UNITS = {
  usd: { label: "US dollars", usual: "2" },
  tokens: { label: "Tokens", usual: "1M" },
  requests: { label: "Requests", usual: "100" },
};

/** Asks how much more may be spent of a budget for now. */
export function AllowMore({ opened, name, text, unit, until, onAllow, onClose }: Props) {
  const task = useTask();
  const { label, usual } = UNITS[unit];
  const [amount, setAmount] = useState(usual);
  useEffect(() => setAmount(usual), [usual]);
  const close = () => {
    task.clear();
    onClose();
  };
  return (
    <Modal opened={opened} onClose={close} title={`Allow more of “${name}”`}>
      <form
        onSubmit={async event => {
          event.preventDefault();
          if (await task.run(() => onAllow(amount.trim()))) close();
        }}
      >
        <Stack gap="sm">
          <p>
            {text}. What you allow now comes on top, {until}.
          </p>
          <TextInput
            data-autofocus
            required
            label={`${label} more`}
            value={amount}
            onChange={event => setAmount(event.currentTarget.value)}
            inputMode={unit === "usd" ? "decimal" : undefined}
          />
          {task.error && <ErrorNote title="The budget was not raised" message={task.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={task.busy} disabled={!amount.trim()}>
              Allow
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
