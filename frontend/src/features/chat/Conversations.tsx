import { ActionIcon, CloseButton, Menu, TextInput, Tooltip } from "@mantine/core";
import {
  IconDots,
  IconMessagePlus,
  IconPencil,
  IconPin,
  IconPinnedFilled,
  IconPinnedOff,
  IconSearch,
  IconTrash,
} from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import type { Conversation } from "../../api";
import { formatAgo } from "../../lib/time";
import { conversationQuery, conversations } from "../../state/chat";
import { searchAsked } from "../../state/here";
import { useResource } from "../../state/resource";
import { go, routeHash } from "../../state/route";
import { useStore } from "../../state/store";
import { Empty, ErrorNote, Loading } from "../../ui/States";
import { useNow } from "../../ui/useNow";
import classes from "./Chat.module.css";
import { pin, Rename, remove } from "./Manage";

const SEARCH_AFTER_MS = 150;

export function Conversations({ current }: { current: string }) {
  const list = useResource(conversations);
  const now = useNow();
  const [search, setSearch] = useState(conversationQuery.get());
  const [renaming, setRenaming] = useState<Conversation | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => conversationQuery.set(search.trim()), SEARCH_AFTER_MS);
    return () => clearTimeout(timer);
  }, [search]);
  const input = useSearchAsked();
  const found = list.data?.conversations ?? [];
  return (
    <aside className={classes.side} aria-label="Conversations">
      <div className={classes.sideHead}>
        <TextInput
          ref={input}
          value={search}
          onChange={event => setSearch(event.currentTarget.value)}
          placeholder="Search"
          aria-label="Search conversations"
          leftSection={<IconSearch size={15} />}
          rightSection={
            search ? (
              <CloseButton size="sm" aria-label="Clear the search" onClick={() => setSearch("")} />
            ) : null
          }
          size="xs"
          style={{ flex: 1 }}
        />
        <Tooltip label="New chat">
          <ActionIcon size={30} aria-label="New chat" onClick={() => go("chat")}>
            <IconMessagePlus size={17} />
          </ActionIcon>
        </Tooltip>
      </div>
      <div className={classes.list}>
        {list.error && (
          <ErrorNote
            title="The conversations can't be listed"
            message={list.error}
            retry={() => void conversations.reload()}
          />
        )}
        {!list.data && !list.error && <Loading what="conversations" rows={6} height={46} />}
        {list.data && found.length === 0 && (
          <Empty title={search ? "Nothing found" : "No conversations yet"}>
            {search ? "Titles and texts are searched." : "They are kept here, on this machine."}
          </Empty>
        )}
        <ul>
          {found.map(conversation => (
            <li
              key={conversation.id}
              className={classes.item}
              data-current={conversation.id === current || undefined}
            >
              <a
                href={routeHash("chat", conversation.id)}
                aria-current={conversation.id === current ? "true" : undefined}
                className={classes.itemLink}
              >
                <span className={classes.itemTitle} dir="auto">
                  {conversation.pinned && <IconPinnedFilled size={12} aria-label="Pinned" />}
                  {conversation.title || "Untitled"}
                </span>
                <span className={classes.itemNote}>
                  {conversation.snippet && conversation.snippet !== conversation.title
                    ? conversation.snippet
                    : `${formatAgo(conversation.updatedAt, now)} · ${conversation.model}`}
                </span>
              </a>
              <Menu position="bottom-end" width={150} shadow="md">
                <Menu.Target>
                  <ActionIcon
                    variant="subtle"
                    color="gray"
                    c="dimmed"
                    size={26}
                    className={classes.itemMenu}
                    aria-label={`More for ${conversation.title || "Untitled"}`}
                  >
                    <IconDots size={16} />
                  </ActionIcon>
                </Menu.Target>
                <Menu.Dropdown>
                  <Menu.Item
                    leftSection={conversation.pinned ? <IconPinnedOff size={15} /> : <IconPin size={15} />}
                    onClick={() => pin(conversation)}
                  >
                    {conversation.pinned ? "Unpin" : "Pin"}
                  </Menu.Item>
                  <Menu.Item leftSection={<IconPencil size={15} />} onClick={() => setRenaming(conversation)}>
                    Rename
                  </Menu.Item>
                  <Menu.Item
                    color="red"
                    leftSection={<IconTrash size={15} />}
                    onClick={() => void remove(conversation, current)}
                  >
                    Delete
                  </Menu.Item>
                </Menu.Dropdown>
              </Menu>
            </li>
          ))}
        </ul>
      </div>
      {renaming && <Rename conversation={renaming} onClose={() => setRenaming(null)} />}
    </aside>
  );
}

let answered = 0; // as of when this page was last drawn

/** Focuses the search where that was asked for by a key or in the palette. */
function useSearchAsked() {
  const input = useRef<HTMLInputElement>(null);
  const asked = useStore(searchAsked);
  useEffect(() => {
    if (asked === answered) return;
    answered = asked;
    input.current?.focus();
    input.current?.select();
  }, [asked]);
  return input;
}
