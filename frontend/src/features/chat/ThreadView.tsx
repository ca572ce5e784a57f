import { Button } from "@mantine/core";
import { IconArrowDown, IconMessage2 } from "@tabler/icons-react";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { api, type Turn } from "../../api";
import { edit, retry, send, stop, useThread } from "../../state/chat";
import { models } from "../../state/lists";
import { ACTIVE, activeOption, modelOptions, takesOf } from "../../state/models";
import { useResource } from "../../state/resource";
import { go, replaceRoute } from "../../state/route";
import { useStatus } from "../../state/session";
import { isStreaming } from "../../state/thread";
import { turnEnding } from "../../state/turns";
import { announce } from "../../ui/announce";
import { attempt } from "../../ui/notify";
import { Empty, ErrorNote, Loading } from "../../ui/States";
import { useTask } from "../../ui/useTask";
import { AskOther } from "./AskOther";
import { bytesOf, contentOf, unfit } from "./attach";
import classes from "./Chat.module.css";
import { Composer } from "./Composer";
import { Configure } from "./Configure";
import { DropZone } from "./DropZone";
import { Rename } from "./Manage";
import { ThreadHead } from "./ThreadHead";
import { TurnList, type TurnListHandle } from "./TurnList";
import { useAttachments } from "./useAttachments";
import { useHere } from "./useHere";

const NO_MODELS: never[] = [];

/** One conversation, or the beginning of one where the id is empty. */
export function ThreadView({ id }: { id: string }) {
  const { thread, error, loaded } = useThread(id);
  const { activeModel } = useStatus();
  const offered = useResource(models).data?.models ?? NO_MODELS;
  const [picked, setPicked] = useState("");
  const [away, setAway] = useState(false);
  const [dialog, setDialog] = useState<"" | "configure" | "other" | "rename">("");
  const sending = useTask();
  const list = useRef<TurnListHandle>(null);
  const picker = useRef<(() => void) | null>(null);

  const { turns, conversation } = thread;
  const streaming = isStreaming(thread);
  const last = turns[turns.length - 1]?.turn;
  useEnding(last);

  const options = useMemo(
    () => [activeOption(activeModel), ...modelOptions(offered)],
    [activeModel, offered],
  );
  const model = picked || conversation?.model || ACTIVE;
  const takes = useMemo(() => takesOf(offered, model, activeModel), [offered, model, activeModel]);
  const name = model === ACTIVE ? activeModel : model;
  const sent = turns.flatMap(t => t.turn.files);
  const attachments = useAttachments(id, takes, name, bytesOf(sent));
  const refused = unfit(
    attachments.files.map(f => f.type),
    takes,
  );
  const earlier = unfit(
    sent.map(f => f.mediaType),
    takes,
  );

  const { run } = sending;
  const { files, set: setFiles } = attachments;
  const submit = useCallback(
    async (text: string) => {
      const done = await run(async () => {
        const added = files.map(f => ({ name: f.name, data: contentOf(f.address) }));
        const conversation = await send(id, model, text, added);
        setFiles([]);
        if (!id) replaceRoute("chat", conversation);
      });
      if (done) list.current?.toEnd();
      return done;
    },
    [id, model, files, setFiles, run],
  );
  const again = useCallback(
    async (other = "") => {
      if (await attempt("Asking again failed", () => retry(id, other))) list.current?.toEnd();
    },
    [id],
  );
  const revise = useCallback((turn: Turn, text: string) => edit(id, turn.id, picked, text), [id, picked]);
  const branchOff = useCallback(
    (turn: Turn) =>
      void attempt("Branching failed", async () => {
        const made = await api.call("chat.branch", { conversation: id, turn: turn.id });
        go("chat", made.id);
        announce("This is the new branch.");
      }),
    [id],
  );
  const onStop = useCallback(() => void attempt("Stopping the answer failed", () => stop(id)), [id]);
  const show = useCallback((index: number) => list.current?.show(index), []);
  const configure = useCallback(() => setDialog("configure"), []);
  const close = useCallback(() => setDialog(""), []);

  const { exportMarkdown, exportJson } = useHere({
    thread,
    streaming,
    takesFiles: takes.images || takes.pdfs,
    picker,
    retry: again,
    branch: branchOff,
    show,
    open: setDialog,
  });

  return (
    <DropZone label={conversation?.title || "New chat"} takes={takes} onFiles={attachments.add}>
      {conversation && (
        <ThreadHead conversation={conversation} exportMarkdown={exportMarkdown} exportJson={exportJson} />
      )}
      {turns.length > 0 && !error ? (
        <TurnList
          ref={list}
          conversation={id}
          turns={turns}
          streaming={streaming}
          options={options}
          retry={again}
          edit={revise}
          branch={branchOff}
          onAway={setAway}
        />
      ) : (
        <div className={classes.scroller}>
          <div className={classes.content}>
            {error && (
              <>
                <ErrorNote title="The conversation can't be shown" message={error} />
                <Button mt="sm" variant="default" onClick={() => go("chat")}>
                  New chat
                </Button>
              </>
            )}
            {!error && !loaded && <Loading what="the conversation" rows={3} height={72} />}
            {!id && (
              <Empty icon={<IconMessage2 size={22} />} title="What would you like to ask?">
                The answer comes through the same gateway as your editors' requests and shows up in the usage
                history as project “chat”.
              </Empty>
            )}
          </div>
        </div>
      )}
      <div className={classes.end}>
        {away && (
          <Button
            className={classes.toEnd}
            size="compact-sm"
            variant="default"
            leftSection={<IconArrowDown size={14} />}
            onClick={() => list.current?.toEnd()}
          >
            {streaming ? "Follow the answer" : "To the end"}
          </Button>
        )}
      </div>
      <div className={classes.foot}>
        <div className={classes.footInner}>
          {sending.error && <ErrorNote title="The message was not sent" message={sending.error} />}
          {earlier && !streaming && (
            <p className={classes.faintNote}>
              {name} is not known to take {earlier}, and this conversation has some: it may refuse them.
            </p>
          )}
          <Composer
            draftOf={id}
            model={model}
            options={options}
            takes={takes}
            attachments={attachments}
            refused={
              refused && `${name} is not known to take ${refused}. Remove them, or choose another model.`
            }
            configured={conversation?.configured ?? false}
            picker={picker}
            streaming={streaming}
            sending={sending.busy}
            onModel={setPicked}
            onConfigure={configure}
            onSend={submit}
            onStop={onStop}
          />
        </div>
      </div>
      {dialog === "configure" && <Configure conversation={conversation} model={model} onClose={close} />}
      {dialog === "other" && <AskOther options={options} onPick={again} onClose={close} />}
      {dialog === "rename" && conversation && <Rename conversation={conversation} onClose={close} />}
    </DropZone>
  );
}

// Tells screen readers when an answer that they saw begin has ended.
function useEnding(last: Turn | undefined) {
  const streamed = useRef("");
  useEffect(() => {
    if (last?.role !== "assistant") return;
    if (last.state === "streaming") streamed.current = last.id;
    else if (streamed.current === last.id) {
      streamed.current = "";
      announce(turnEnding(last));
    }
  }, [last]);
}
