import { ActionIcon, Tooltip } from "@mantine/core";
import {
  IconAlertTriangle,
  IconChevronRight,
  IconGitBranch,
  IconListSearch,
  IconRefresh,
} from "@tabler/icons-react";
import { memo, useState } from "react";
import type { Turn } from "../../api";
import { sentences } from "../../lib/text";
import type { ModelOption } from "../../state/models";
import { routeHash } from "../../state/route";
import { thoughtFor, traceOf, turnFacts } from "../../state/turns";
import { CopyIcon } from "../../ui/Copy";
import { Dot } from "../../ui/Dot";
import { FactLine } from "../../ui/Facts";
import { Markdown } from "../../ui/Markdown";
import { SearchSelect } from "../../ui/SearchSelect";
import classes from "./Chat.module.css";
import { ToolCalls } from "./ToolCalls";
import { UserTurn } from "./UserTurn";

interface Props {
  conversation: string;
  turn: Turn;
  /** Its place among all, from 1, and how many there are. */
  place: number;
  count: number;
  /** A piece of the text is missing and has been asked for. */
  late: boolean;
  /** Asks again for this answer; null where that is not possible. */
  retry: ((model?: string) => void) | null;
  options: ModelOption[];
  /** Sends another text in the place of a user's turn; null where that is not possible. */
  edit: ((turn: Turn, text: string) => Promise<unknown>) | null;
  /** Makes another conversation of what was said up to the turn. */
  branch(turn: Turn): void;
}

export const TurnView = memo(function TurnView(props: Props) {
  return props.turn.role === "user" ? <UserTurn {...props} /> : <AssistantTurn {...props} />;
}, sameTurn);

function sameTurn(a: Props, b: Props): boolean {
  // The options matter only to the one turn that can be asked for again.
  return (
    a.turn === b.turn &&
    a.place === b.place &&
    a.count === b.count &&
    a.late === b.late &&
    a.retry === b.retry &&
    a.edit === b.edit &&
    (!b.retry || a.options === b.options)
  );
}

function AssistantTurn({ turn, place, count, late, retry, options, branch }: Props) {
  const streaming = turn.state === "streaming";
  return (
    <article
      className={classes.assistant}
      aria-label={`Answer from ${turn.model || "the model"}`}
      aria-busy={streaming}
      aria-posinset={place}
      aria-setsize={count}
    >
      <div className={classes.by}>
        <span className="mono">{turn.model || "…"}</span>
        {turn.provider && <span className={classes.faint}>via {turn.provider}</span>}
      </div>
      {turn.reasoning && <Reasoning turn={turn} />}
      <ToolCalls tools={turn.tools} streaming={streaming} />
      {turn.text && <Markdown text={turn.text} growing={streaming} />}
      {streaming && !turn.text && !turn.reasoning && turn.tools.length === 0 && (
        <p className={classes.waiting}>
          <Dot tone="busy" /> Waiting for the first token
        </p>
      )}
      {late && <p className={classes.waiting}>A piece of the answer is late; it is being fetched.</p>}
      {turn.state === "failed" && (
        <div role="alert" className={classes.failed}>
          <IconAlertTriangle size={16} aria-hidden />
          <span>{sentences(turn.error || "The answer failed")}</span>
        </div>
      )}
      {turn.state === "stopped" && <p className={classes.stopped}>Stopped.</p>}
      {!streaming && <Trace turn={turn} />}
      {!streaming && (
        <div className={classes.under}>
          <div className={classes.underButtons}>
            {turn.text && <CopyIcon text={turn.text} what="answer" />}
            <Tooltip label="Branch from here">
              <ActionIcon
                variant="subtle"
                color="gray"
                c="dimmed"
                size={26}
                aria-label="Branch from here"
                onClick={() => branch(turn)}
              >
                <IconGitBranch size={15} />
              </ActionIcon>
            </Tooltip>
            {turn.request && (
              <Tooltip label="Open the request in the log">
                <ActionIcon
                  component="a"
                  href={routeHash("usage", turn.request)}
                  variant="subtle"
                  color="gray"
                  c="dimmed"
                  size={26}
                  aria-label="Open the request in the log"
                >
                  <IconListSearch size={15} />
                </ActionIcon>
              </Tooltip>
            )}
            {retry && (
              <>
                <Tooltip label="Ask again">
                  <ActionIcon
                    variant="subtle"
                    color="gray"
                    c="dimmed"
                    size={26}
                    aria-label="Retry with the same model"
                    onClick={() => retry()}
                  >
                    <IconRefresh size={15} />
                  </ActionIcon>
                </Tooltip>
                <div className={classes.other}>
                  <SearchSelect
                    label="Retry with another model"
                    size="xs"
                    variant="unstyled"
                    value=""
                    options={options}
                    placeholder="Retry with another model"
                    nothing="No models."
                    onChange={model => retry(model)}
                  />
                </div>
              </>
            )}
          </div>
          <FactLine facts={turnFacts(turn)} />
        </div>
      )}
    </article>
  );
}

/** Who was tried for the answer, where that was not the first one alone. */
function Trace({ turn }: { turn: Turn }) {
  const trace = traceOf(turn.attempts);
  if (!trace) return null;
  return (
    <p className={classes.trace}>
      {turn.request ? <a href={routeHash("usage", turn.request)}>{trace}</a> : trace}
    </p>
  );
}

function Reasoning({ turn }: { turn: Turn }) {
  const [open, setOpen] = useState(false);
  const thinking = turn.state === "streaming" && !turn.text;
  return (
    <div className={classes.reasoning}>
      <button type="button" className={classes.fold} aria-expanded={open} onClick={() => setOpen(!open)}>
        <IconChevronRight size={14} aria-hidden className={classes.chevron} data-open={open || undefined} />
        <span className="numbers">{thoughtFor(turn.reasoningMs, thinking)}</span>
        {thinking && <Dot tone="busy" />}
      </button>
      {open && (
        <div className={classes.folded}>
          <Markdown text={turn.reasoning} growing={thinking} />
        </div>
      )}
    </div>
  );
}
