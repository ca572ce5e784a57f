// What is done with whole conversations, from their list and from wherever they are in view.
import { Button, Modal, TextInput } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { api, type Conversation } from "../../api";
import { go } from "../../state/route";
import { attempt } from "../../ui/notify";
import { notifyDeleted } from "../../ui/undo";
import { useTask } from "../../ui/useTask";
import classes from "./Chat.module.css";

/** Pins a conversation, or one that is pinned no longer. */
export function pin({ id, pinned }: Conversation) {
  void attempt("Pinning the conversation failed", () =>
    api.call("chat.pin", { conversation: id, pinned: !pinned }),
  );
}

/** Deletes a conversation, which can be undone for a while. */
export async function remove(conversation: Conversation, current: string) {
  const done = await attempt("Deleting the conversation failed", () =>
    api.call("chat.delete", { conversation: conversation.id }),
  );
  if (!done) return;
  if (conversation.id === current) go("chat");
  notifyDeleted("conversation", conversation.title || "Untitled", async () => {
    await api.call("chat.restore", { conversation: conversation.id });
    go("chat", conversation.id);
  });
}

/** Asks for another title. */
export function Rename({ conversation, onClose }: { conversation: Conversation; onClose(): void }) {
  const [title, setTitle] = useState(conversation.title);
  const task = useTask();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.select(), []);
  return (
    <Modal opened onClose={onClose} title="Rename the conversation">
      <form
        onSubmit={async event => {
          event.preventDefault();
          const wanted = title.trim();
          if (!wanted) return;
          const work = () => api.call("chat.rename", { conversation: conversation.id, title: wanted });
          if (await task.run(work)) onClose();
        }}
      >
        <TextInput
          ref={input}
          data-autofocus
          label="Title"
          value={title}
          onChange={event => setTitle(event.currentTarget.value)}
          error={task.error}
        />
        <div className={classes.dialogButtons}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={task.busy} disabled={!title.trim()}>
            Rename
          </Button>
        </div>
      </form>
    </Modal>
  );
}
