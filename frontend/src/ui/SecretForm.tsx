import { Button, Group, PasswordInput } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { ErrorNote } from "./States";
import { useTask } from "./useTask";

interface Props {
  label: string;
  description?: string;
  /** What the button says. */
  action: string;
  disabled?: boolean;
  autoFocus?: boolean;
  onSave(secret: string): Promise<unknown>;
  onCancel?: () => void;
  /** More to fill in, below the secret. */
  children?: ReactNode;
}

/** Takes a secret and forgets it as soon as it is saved. */
export function SecretForm({
  label,
  description,
  action,
  disabled,
  autoFocus,
  onSave,
  onCancel,
  children,
}: Props) {
  const [secret, setSecret] = useState("");
  const task = useTask();
  return (
    <form
      onSubmit={async event => {
        event.preventDefault();
        if (!secret.trim()) return;
        if (await task.run(() => onSave(secret.trim()))) setSecret("");
      }}
    >
      <Group align="flex-end" gap="xs" wrap="nowrap">
        <PasswordInput
          label={label}
          description={description}
          value={secret}
          onChange={event => setSecret(event.currentTarget.value)}
          disabled={disabled}
          data-autofocus={autoFocus || undefined}
          autoComplete="off"
          spellCheck={false}
          style={{ flex: 1 }}
        />
        {onCancel && (
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
        )}
        <Button type="submit" loading={task.busy} disabled={disabled || !secret.trim()}>
          {action}
        </Button>
      </Group>
      {children}
      {task.error && (
        <div style={{ marginTop: 10 }}>
          <ErrorNote title="It was not saved" message={task.error} />
        </div>
      )}
    </form>
  );
}
