import { Button } from "@mantine/core";
import { IconArrowDown, IconMessage2 } from "@tabler/icons-react";
import { useCallback, useEffect, useRef, useState } from "react";
import { api, type Turn } from "../../api";
import { edit, retry, send, stop, useThread } from "../../state/chat";
import { models } from "../../state/lists";
import { ACTIVE, activeOption, modelOptions } from "../../state/models";
import { useResource } from "../../state/resource";
import { go, replaceRoute } from "../../state/route";
import { useStatus } from "../../state/session";
import { isStreaming } from "../../state/thread";
import { turnEnding } from "../../state/turns";
import { announce } from "../../ui/announce";
import { attempt } from "../../ui/notify";
import { Empty, ErrorNote, Loading } from "../../ui/States";
import { useStickToEnd } from "../../ui/useStickToEnd";
import { useTask } from "../../ui/useTask";
import classes from "./Chat.module.css";
import { Composer } from "./Composer";
import { ThreadHead } from "./ThreadHead";
import { TurnView } from "./TurnView";

/** One conversation, or the beginning of one where the id is empty. */
export function ThreadView({ id }: { id: string }) {
  const { thread, error, loaded } = useThread(id);
  const { activeModel } = useStatus();
  const list = useResource(models);
  const [picked, setPicked] = useState("");
  const sending = useTask();
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const { away, toEnd } = useStickToEnd(scroller, content);

  const streaming = isStreaming(thread);
  const last = thread.turns[thread.turns.length - 1]?.turn;
  useEnding(last);

  const options = [activeOption(activeModel), ...modelOptions(list.data?.models ?? [])];
  const model = picked || thread.conversation?.model || ACTIVE;

  const submit = (text: string) =>
    sending.run(async () => {
      const conversation = await send(id, model, text);
      if (!id) replaceRoute("chat", conversation);
      toEnd();
    });

  const again = async (other = "") => {
    if (await attempt("Asking again failed", () => retry(id, other))) toEnd();
  };

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

  return (
    <section className={classes.thread} aria-label={thread.conversation?.title || "New chat"}>
      {thread.conversation && <ThreadHead conversation={thread.conversation} turns={thread.turns} />}
      <div ref={scroller} className={classes.scroller}>
        <div ref={content} className={classes.content}>
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
          {thread.turns.map(({ turn, early }) => (
            <TurnView
              key={turn.id}
              turn={turn}
              late={early.size > 0}
              retry={turn === last && turn.role === "assistant" && !streaming ? again : null}
              options={options}
              edit={streaming ? null : revise}
              branch={branchOff}
            />
          ))}
        </div>
      </div>
      <div className={classes.end}>
        {away && (
          <Button
            className={classes.toEnd}
            size="compact-sm"
            variant="default"
            leftSection={<IconArrowDown size={14} />}
            onClick={toEnd}
          >
            {streaming ? "Follow the answer" : "To the end"}
          </Button>
        )}
      </div>
      <div className={classes.foot}>
        <div className={classes.footInner}>
          {sending.error && <ErrorNote title="The message was not sent" message={sending.error} />}
          <Composer
            draftOf={id}
            model={model}
            options={options}
            streaming={streaming}
            sending={sending.busy}
            onModel={setPicked}
            onSend={submit}
            onStop={() => void attempt("Stopping the answer failed", () => stop(id))}
          />
        </div>
      </div>
    </section>
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
