import { ActionIcon, Menu, Tooltip } from "@mantine/core";
import { IconAdjustments, IconDownload, IconPin, IconPinnedFilled } from "@tabler/icons-react";
import { useState } from "react";
import { api, type Conversation } from "../../api";
import type { Thread } from "../../state/thread";
import { attempt } from "../../ui/notify";
import { fileName, saveText } from "../../ui/save";
import classes from "./Chat.module.css";
import { Configure } from "./Configure";
import { asJson, asMarkdown } from "./transcript";

/** The title of a conversation and what can be done with the whole of it. */
export function ThreadHead({ conversation, turns }: { conversation: Conversation; turns: Thread["turns"] }) {
  const [configuring, setConfiguring] = useState(false);
  const { id, pinned, title } = conversation;
  const said = turns.map(t => t.turn);
  const icon = { variant: "subtle", color: "gray", c: "dimmed", size: 28 } as const;
  return (
    <div className={classes.threadHead}>
      <h2 dir="auto">{title || "Untitled"}</h2>
      <div className={classes.headButtons}>
        <Tooltip label="System prompt and temperature">
          <ActionIcon
            {...icon}
            c={conversation.system ? "gate" : "dimmed"}
            aria-label="System prompt and temperature"
            onClick={() => setConfiguring(true)}
          >
            <IconAdjustments size={17} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label={pinned ? "Unpin" : "Pin"}>
          <ActionIcon
            {...icon}
            aria-label="Pin the conversation"
            aria-pressed={pinned}
            onClick={() =>
              void attempt("Pinning the conversation failed", () =>
                api.call("chat.pin", { conversation: id, pinned: !pinned }),
              )
            }
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
            <Menu.Item
              onClick={() =>
                void saveText(fileName(title, "md"), "text/markdown", asMarkdown(conversation, said))
              }
            >
              Export as Markdown
            </Menu.Item>
            <Menu.Item
              onClick={() =>
                void saveText(fileName(title, "json"), "application/json", asJson(conversation, said))
              }
            >
              Export as JSON
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </div>
      {configuring && <Configure conversation={conversation} onClose={() => setConfiguring(false)} />}
    </div>
  );
}
