import { ActionIcon, Textarea, Tooltip } from "@mantine/core";
import { IconArrowUp, IconPlayerStopFilled } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import type { ModelOption } from "../../state/models";
import { SearchSelect } from "../../ui/SearchSelect";
import classes from "./Chat.module.css";

// What was typed and not sent, by conversation, for as long as the pages are open.
const drafts = new Map<string, string>();

interface Props {
  /** The conversation that what is typed belongs to. */
  draftOf: string;
  model: string;
  options: ModelOption[];
  streaming: boolean;
  sending: boolean;
  onModel(model: string): void;
  /** Tells whether the text was sent; one that was not stays. */
  onSend(text: string): Promise<boolean>;
  onStop(): void;
}

export function Composer(props: Props) {
  const { draftOf, streaming, sending } = props;
  const [text, setText] = useState(drafts.get(draftOf) ?? "");
  const input = useRef<HTMLTextAreaElement>(null);
  useEffect(() => input.current?.focus(), []);

  const change = (value: string) => {
    setText(value);
    if (value) drafts.set(draftOf, value);
    else drafts.delete(draftOf);
  };
  const submit = async () => {
    const wanted = text.trim();
    if (!wanted || streaming || sending) return;
    change("");
    if (!(await props.onSend(wanted))) change(text);
  };

  return (
    <form
      className={classes.composer}
      onSubmit={event => {
        event.preventDefault();
        void submit();
      }}
    >
      <Textarea
        ref={input}
        value={text}
        onChange={event => change(event.currentTarget.value)}
        onKeyDown={event => {
          if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
          event.preventDefault();
          void submit();
        }}
        placeholder="Write a message"
        aria-label="Message"
        variant="unstyled"
        autosize
        minRows={1}
        maxRows={9}
        className={classes.input}
      />
      <div className={classes.composerBar}>
        <div className={classes.model}>
          <SearchSelect
            label="Model of this conversation"
            size="xs"
            variant="filled"
            value={props.model}
            options={props.options}
            placeholder="Choose a model"
            nothing="No provider offers a model yet."
            onChange={props.onModel}
          />
        </div>
        {streaming ? (
          <Tooltip label="Stop (Esc)">
            <ActionIcon
              size={32}
              radius="xl"
              color="dark"
              aria-label="Stop the answer"
              onClick={props.onStop}
            >
              <IconPlayerStopFilled size={15} />
            </ActionIcon>
          </Tooltip>
        ) : (
          <Tooltip label="Send (Enter)">
            <ActionIcon
              type="submit"
              size={32}
              radius="xl"
              aria-label="Send"
              loading={sending}
              disabled={!text.trim()}
            >
              <IconArrowUp size={17} />
            </ActionIcon>
          </Tooltip>
        )}
      </div>
    </form>
  );
}
