import { Button } from "@mantine/core";
import { IconTrophy } from "@tabler/icons-react";
import { memo, useState } from "react";
import type { ComparedAnswer } from "../../api";
import { sentences } from "../../lib/text";
import { hasEnded } from "../../state/compared";
import { CopyIcon } from "../../ui/Copy";
import { Dot } from "../../ui/Dot";
import { FactLine } from "../../ui/Facts";
import { Markdown } from "../../ui/Markdown";
import classes from "./Compare.module.css";
import { answerFacts } from "./facts";

interface Props {
  answer: ComparedAnswer;
  wins: boolean;
  onPick(): void;
}

/** One model's answer in its column. */
export const AnswerCard = memo(
  function AnswerCard({ answer, wins, onPick }: Props) {
    const streaming = answer.state === "streaming";
    return (
      <article
        className={classes.card}
        data-wins={wins || undefined}
        aria-label={`Answer from ${answer.model}`}
        aria-busy={streaming}
      >
        <header className={classes.cardHead}>
          <span className="mono">{answer.model}</span>
          {answer.provider && <span className={classes.faint}>via {answer.provider}</span>}
        </header>
        <div className={classes.cardBody}>
          {answer.reasoning && <Reasoning answer={answer} />}
          {answer.text && <Markdown text={answer.text} growing={streaming} />}
          {streaming && !answer.text && (
            <p className={classes.waiting}>
              <Dot tone="busy" /> {answer.reasoning ? "Reasoning" : "Waiting for the first token"}
            </p>
          )}
          {answer.state === "waiting" && <p className={classes.waiting}>Its turn is still to come.</p>}
          {answer.state === "stopped" && <p className={classes.waiting}>Stopped.</p>}
          {answer.state === "failed" && <p role="alert">{sentences(answer.error || "The answer failed")}</p>}
        </div>
        {hasEnded(answer) && (
          <footer className={classes.cardFoot}>
            <FactLine facts={answerFacts(answer)} />
            <div className={classes.cardButtons}>
              {answer.text && <CopyIcon text={answer.text} what="answer" />}
              {answer.state === "done" && (
                <Button
                  size="compact-sm"
                  variant={wins ? "filled" : "default"}
                  leftSection={<IconTrophy size={14} />}
                  aria-pressed={wins}
                  onClick={onPick}
                >
                  {wins ? "Winner" : "Pick as winner"}
                </Button>
              )}
            </div>
          </footer>
        )}
      </article>
    );
  },
  (a, b) => a.answer === b.answer && a.wins === b.wins,
);

function Reasoning({ answer }: { answer: ComparedAnswer }) {
  const [open, setOpen] = useState(false);
  return (
    <div className={classes.reasoning}>
      <Button variant="subtle" size="compact-xs" aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? "Hide the reasoning" : "Show the reasoning"}
      </Button>
      {open && <Markdown text={answer.reasoning} growing={answer.state === "streaming" && !answer.text} />}
    </div>
  );
}
