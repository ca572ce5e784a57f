import { ActionIcon, Button, Textarea, Tooltip } from "@mantine/core";
import { IconPencil } from "@tabler/icons-react";
import { useState } from "react";
import type { Turn } from "../../api";
import { formatMoment } from "../../lib/time";
import { useTask } from "../../ui/useTask";
import classes from "./Chat.module.css";

interface Props {
  turn: Turn;
  /** Sends another text in its place; null where that is not possible. */
  edit: ((turn: Turn, text: string) => Promise<unknown>) | null;
}

/** What the user said, which they may say anew. */
export function UserTurn({ turn, edit }: Props) {
  const [text, setText] = useState<string | null>(null);
  const task = useTask();
  if (text !== null && edit) {
    const send = async () => {
      if (text.trim() && (await task.run(() => edit(turn, text.trim())))) setText(null);
    };
    return (
      <article className={classes.editing} aria-label="You">
        <Textarea
          aria-label="Edit the message"
          autosize
          autoFocus
          maxRows={14}
          value={text}
          error={task.error}
          onChange={event => setText(event.currentTarget.value)}
          onKeyDown={event => {
            if (event.key === "Escape") setText(null);
            if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
            event.preventDefault();
            void send();
          }}
        />
        <div className={classes.editingFoot}>
          <span className={classes.faint}>What came after it is removed. Branch first to keep it.</span>
          <Button variant="default" size="compact-sm" onClick={() => setText(null)}>
            Cancel
          </Button>
          <Button size="compact-sm" loading={task.busy} disabled={!text.trim()} onClick={() => void send()}>
            Send again
          </Button>
        </div>
      </article>
    );
  }
  return (
    <article className={classes.user} aria-label="You">
      {edit && (
        <Tooltip label="Edit and send again">
          <ActionIcon
            className={classes.editButton}
            variant="subtle"
            color="gray"
            c="dimmed"
            size={26}
            aria-label="Edit and send again"
            onClick={() => setText(turn.text)}
          >
            <IconPencil size={15} />
          </ActionIcon>
        </Tooltip>
      )}
      <div className={classes.userText} title={formatMoment(turn.at)} dir="auto">
        {turn.text}
      </div>
    </article>
  );
}
