import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { IconPlayerStopFilled, IconSend } from "@tabler/icons-react";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { send, stop, useThread } from "../../state/chat";
import { routeHash } from "../../state/route";
import { useStatus } from "../../state/session";
import { turnEnding, turnFacts } from "../../state/turns";
import { announce } from "../../ui/announce";
import { Dot } from "../../ui/Dot";
import { FactLine } from "../../ui/Facts";
import { attempt } from "../../ui/notify";
import { ErrorNote } from "../../ui/States";
import { useTask } from "../../ui/useTask";
import classes from "./Start.module.css";

const ECHO = "sim/echo";

// As large as the rest of the page together, and needed for an answer only.
const loadMarkdown = () => import("../../ui/Markdown");
const Markdown = lazy(async () => ({ default: (await loadMarkdown()).Markdown }));

/** A question and its answer, right here. */
export function TryIt({ onAnswered }: { onAnswered(): void }) {
  const { activeModel } = useStatus();
  const [text, setText] = useState("Hello, Gatehouse. Are you there?");
  const [model, setModel] = useState(ECHO);
  const [id, setId] = useState("");
  const sending = useTask();
  const { thread, error } = useThread(id);
  const answer = thread.turns.map(t => t.turn).findLast(t => t.role === "assistant");
  const streaming = answer?.state === "streaming";
  const told = useRef("");

  useEffect(() => {
    if (!answer || answer.state === "streaming" || told.current === answer.id) return;
    told.current = answer.id;
    announce(turnEnding(answer));
    if (answer.state === "done") onAnswered();
  }, [answer, onAnswered]);

  const choices = [
    { value: ECHO, label: ECHO },
    ...(activeModel && activeModel !== ECHO ? [{ value: activeModel, label: activeModel }] : []),
  ];
  const chosen = choices.some(c => c.value === model) ? model : ECHO;
  return (
    <>
      <form
        className={classes.ask}
        onSubmit={event => {
          event.preventDefault();
          void loadMarkdown().catch(() => {}); // asked for again by the answer, which shows a failure
          const wanted = text.trim();
          if (wanted && !streaming) void sending.run(async () => setId(await send("", chosen, wanted)));
        }}
      >
        <TextInput
          value={text}
          onChange={event => setText(event.currentTarget.value)}
          aria-label="What to ask"
          className={classes.grow}
        />
        {streaming ? (
          <Button
            variant="default"
            leftSection={<IconPlayerStopFilled size={14} />}
            onClick={() => void attempt("Stopping the answer failed", () => stop(id))}
          >
            Stop
          </Button>
        ) : (
          <Button
            type="submit"
            leftSection={<IconSend size={15} />}
            loading={sending.busy}
            disabled={!text.trim()}
          >
            Ask
          </Button>
        )}
      </form>
      {choices.length > 1 && (
        <SegmentedControl
          size="xs"
          value={chosen}
          onChange={setModel}
          data={choices}
          aria-label="Model to ask"
        />
      )}
      {sending.error && <ErrorNote title="The question was not sent" message={sending.error} />}
      {error && <ErrorNote title="The answer can't be shown" message={error} />}
      {answer && (
        <section className={classes.answer} aria-label="Answer" aria-busy={streaming}>
          {streaming && !answer.text && (
            <p className={classes.waiting}>
              <Dot tone="busy" /> Waiting for the first token
            </p>
          )}
          {answer.text && (
            <Suspense fallback={<p className={classes.plain}>{answer.text}</p>}>
              <Markdown text={answer.text} growing={streaming} />
            </Suspense>
          )}
          {answer.state === "failed" && <ErrorNote title="The answer failed" message={answer.error} />}
          {answer.state === "stopped" && <p className={classes.waiting}>Stopped.</p>}
          {!streaming && (
            <div className={classes.under}>
              <FactLine
                facts={[{ label: "from", value: answer.model, title: "Model" }, ...turnFacts(answer)]}
              />
              <a href={routeHash("chat", id)}>Go on in the chat</a>
            </div>
          )}
        </section>
      )}
    </>
  );
}
