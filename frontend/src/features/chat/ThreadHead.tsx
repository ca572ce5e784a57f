import { ActionIcon, Menu, Tooltip } from "@mantine/core";
import { IconDownload, IconPin, IconPinnedFilled } from "@tabler/icons-react";
import { memo } from "react";
import type { Conversation } from "../../api";
import classes from "./Chat.module.css";
import { pin } from "./Manage";

interface Props {
  conversation: Conversation;
  exportMarkdown(): void;
  exportJson(): void;
}

/** The title of a conversation and what can be done with the whole of it. */
export const ThreadHead = memo(function ThreadHead({ conversation, exportMarkdown, exportJson }: Props) {
  const { pinned, title } = conversation;
  const icon = { variant: "subtle", color: "gray", c: "dimmed", size: 28 } as const;
  return (
    <div className={classes.threadHead}>
      <h2 dir="auto">{title || "Untitled"}</h2>
      <div className={classes.headButtons}>
        <Tooltip label={pinned ? "Unpin" : "Pin"}>
          <ActionIcon
            {...icon}
            aria-label="Pin the conversation"
            aria-pressed={pinned}
            onClick={() => pin(conversation)}
          >
            {pinned ? <IconPinnedFilled size={17} /> : <IconPin size={17} />}
          </ActionIcon>
        </Tooltip>
        <Menu position="bottom-end" shadow="md">
          <Menu.Target>
            <ActionIcon {...icon} aria-label="Export the conversation">
              <IconDownload size={17} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={exportMarkdown}>Export as Markdown</Menu.Item>
            <Menu.Item onClick={exportJson}>Export as JSON</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </div>
    </div>
  );
});
