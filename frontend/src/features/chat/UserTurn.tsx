import { ActionIcon, Button, Textarea, Tooltip } from "@mantine/core";
import { IconPencil } from "@tabler/icons-react";
import type { Turn } from "../../api";
import { formatMoment } from "../../lib/time";
import { useStore } from "../../state/store";
import { useTask } from "../../ui/useTask";
import classes from "./Chat.module.css";
import { edits, setEdit } from "./edits";
import { TurnFiles } from "./TurnFiles";

interface Props {
  conversation: string;
  turn: Turn;
  /** Its place among all, from 1, and how many there are. */
  place: number;
  count: number;
  /** Sends another text in its place; null where that is not possible. */
  edit: ((turn: Turn, text: string) => Promise<unknown>) | null;
}

/** What the user said, which they may say anew. */
export function UserTurn({ conversation, turn, place, count, edit }: Props) {
  const inFeed = { "aria-label": "You", "aria-posinset": place, "aria-setsize": count };
  const text = useStore(edits).get(turn.id) ?? null;
  const setText = (value: string | null) => setEdit(turn.id, value);
  const task = useTask();
  if (text !== null && edit) {
    const ready = text.trim() !== "" || turn.files.length > 0;
    const send = async () => {
      if (ready && (await task.run(() => edit(turn, text.trim())))) setText(null);
    };
    return (
      <article {...inFeed}>
        <TurnFiles conversation={conversation} files={turn.files} />
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
          <Button size="compact-sm" loading={task.busy} disabled={!ready} onClick={() => void send()}>
            Send again
          </Button>
        </div>
      </article>
    );
  }
  return (
    <article className={classes.user} {...inFeed}>
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
      <div className={classes.said}>
        <TurnFiles conversation={conversation} files={turn.files} />
        {turn.text && (
          <div className={classes.userText} title={formatMoment(turn.at)} dir="auto">
            {turn.text}
          </div>
        )}
      </div>
    </article>
  );
}
