import { ActionIcon, Textarea, Tooltip } from "@mantine/core";
import { IconAdjustments, IconArrowUp, IconPaperclip, IconPlayerStopFilled } from "@tabler/icons-react";
import { memo, useEffect, useRef, useState } from "react";
import type { ModelOption, Takes } from "../../state/models";
import { SearchSelect } from "../../ui/SearchSelect";
import { AttachmentList } from "./Attachments";
import { acceptedBy, spellTakes } from "./attach";
import classes from "./Chat.module.css";
import type { Attachments } from "./useAttachments";

// What was typed and not sent, by conversation, for as long as the pages are open.
const drafts = new Map<string, string>();

interface Props {
  /** The conversation that what is typed belongs to. */
  draftOf: string;
  model: string;
  options: ModelOption[];
  takes: Takes;
  attachments: Attachments;
  /** Why the files that were added can't be sent to the model; empty if they can. */
  refused: string;
  /** Whether the conversation has a system prompt and a temperature of its own. */
  configured: boolean;
  /** Opens the choice of files, where the model takes any; set here for whoever wants it opened. */
  picker: { current: (() => void) | null };
  streaming: boolean;
  sending: boolean;
  onModel(model: string): void;
  onConfigure(): void;
  /** Tells whether the text was sent; one that was not stays. */
  onSend(text: string): Promise<boolean>;
  onStop(): void;
}

export const Composer = memo(function Composer(props: Props) {
  const { draftOf, streaming, sending, attachments, takes } = props;
  const [text, setText] = useState(drafts.get(draftOf) ?? "");
  const input = useRef<HTMLTextAreaElement>(null);
  useEffect(() => input.current?.focus(), []);

  const change = (value: string) => {
    setText(value);
    if (value) drafts.set(draftOf, value);
    else drafts.delete(draftOf);
  };
  const ready = !props.refused && (text.trim() !== "" || attachments.files.length > 0);
  const problem = props.refused || attachments.problem;
  const submit = async () => {
    if (!ready || streaming || sending) return;
    change("");
    if (!(await props.onSend(text.trim()))) change(text);
  };

  return (
    <form
      className={classes.composer}
      onSubmit={event => {
        event.preventDefault();
        void submit();
      }}
    >
      <AttachmentList files={attachments.files} remove={attachments.remove} />
      {problem && (
        <p role="alert" className={classes.problem}>
          {problem}
        </p>
      )}
      <Textarea
        ref={input}
        value={text}
        onChange={event => change(event.currentTarget.value)}
        onKeyDown={event => {
          if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
          event.preventDefault();
          void submit();
        }}
        onPaste={event => {
          const { files } = event.clipboardData;
          if (files.length === 0) return;
          event.preventDefault();
          attachments.add([...files]);
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
        <div className={classes.composerTools}>
          <FilePicker takes={takes} attachments={attachments} picker={props.picker} />
          <Tooltip label="System prompt and temperature">
            <ActionIcon
              variant="subtle"
              color="gray"
              c={props.configured ? "gate" : "dimmed"}
              size={30}
              aria-label="System prompt and temperature"
              onClick={props.onConfigure}
            >
              <IconAdjustments size={17} />
            </ActionIcon>
          </Tooltip>
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
              disabled={!ready}
            >
              <IconArrowUp size={17} />
            </ActionIcon>
          </Tooltip>
        )}
      </div>
    </form>
  );
});

/** The button that adds files; absent where the model is not known to take any. */
function FilePicker({ takes, attachments, picker }: Pick<Props, "takes" | "attachments" | "picker">) {
  const chooser = useRef<HTMLInputElement>(null);
  const accepted = acceptedBy(takes);
  useEffect(() => {
    picker.current = accepted ? () => chooser.current?.click() : null;
    return () => {
      picker.current = null;
    };
  }, [accepted, picker]);
  if (!accepted) return null;
  const label = `Add ${spellTakes(takes)}`;
  return (
    <>
      <input
        ref={chooser}
        type="file"
        multiple
        hidden
        accept={accepted}
        aria-label={label}
        onChange={event => {
          attachments.add([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = ""; // the same one can be chosen again
        }}
      />
      <Tooltip label={`${label} (or paste or drop them)`}>
        <ActionIcon
          variant="subtle"
          color="gray"
          c="dimmed"
          size={30}
          aria-label={label}
          onClick={() => chooser.current?.click()}
        >
          <IconPaperclip size={17} />
        </ActionIcon>
      </Tooltip>
    </>
  );
}
