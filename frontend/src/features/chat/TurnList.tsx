import { useVirtualizer } from "@tanstack/react-virtual";
import { type Ref, useEffect, useImperativeHandle, useState } from "react";
import type { Turn } from "../../api";
import type { ModelOption } from "../../state/models";
import type { ThreadTurn } from "../../state/thread";
import { useStickToEnd } from "../../ui/useStickToEnd";
import classes from "./Chat.module.css";
import { TurnView } from "./TurnView";

/** How many turns are drawn beyond those in view, on each side. */
const BEYOND = 6;
const GAP_PX = 22;

export interface TurnListHandle {
  toEnd(): void;
  /** Brings a turn into view. */
  show(index: number): void;
}

interface Props {
  conversation: string;
  turns: readonly ThreadTurn[];
  streaming: boolean;
  options: ModelOption[];
  retry(model?: string): void;
  edit(turn: Turn, text: string): Promise<unknown>;
  branch(turn: Turn): void;
  /** Tells whether the reader has scrolled away from the end. */
  onAway(away: boolean): void;
  ref: Ref<TurnListHandle>;
}

/** The turns of a conversation, of which only those in view are drawn. */
export function TurnList(props: Props) {
  const { conversation, turns, streaming, options, retry, edit, branch, onAway } = props;
  // Refs alone would not draw the list once its scroller is there.
  const [scroller, setScroller] = useState<HTMLDivElement | null>(null);
  const [content, setContent] = useState<HTMLDivElement | null>(null);
  const { away, toEnd } = useStickToEnd(scroller, content);
  const virtual = useVirtualizer({
    count: turns.length,
    getScrollElement: () => scroller,
    estimateSize: i => estimate(turns[i]?.turn),
    getItemKey: i => turns[i]?.turn.id ?? i,
    overscan: BEYOND,
    gap: GAP_PX,
    paddingStart: 24,
    paddingEnd: 20,
    // At the end from the first, without drawing the beginning before.
    initialOffset: () => turns.reduce((sum, { turn }) => sum + estimate(turn) + GAP_PX, 0),
    useFlushSync: false, // what is drawn beyond the view leaves the time to draw the next
  });
  useEffect(() => onAway(away), [away, onAway]);
  useImperativeHandle(
    props.ref,
    () => ({ toEnd, show: index => virtual.scrollToIndex(index, { align: "center" }) }),
    [toEnd, virtual],
  );

  const last = turns.length - 1;
  return (
    <div ref={setScroller} className={classes.scroller} data-turns>
      <div
        ref={setContent}
        role="feed"
        aria-label="Messages"
        aria-busy={streaming}
        className={classes.turns}
        style={{ height: virtual.getTotalSize() }}
      >
        {virtual.getVirtualItems().map(({ index, key, start }) => {
          const item = turns[index];
          if (!item) return null;
          const { turn, early } = item;
          return (
            <div
              key={key}
              ref={virtual.measureElement}
              data-index={index}
              className={classes.turn}
              style={{ transform: `translateY(${start}px)` }}
            >
              <TurnView
                conversation={conversation}
                turn={turn}
                place={index + 1}
                count={turns.length}
                late={early.size > 0}
                retry={index === last && turn.role === "assistant" && !streaming ? retry : null}
                options={options}
                edit={streaming ? null : edit}
                branch={branch}
              />
            </div>
          );
        })}
      </div>
    </div>
  );
}

const LINE_PX = 23;
const LINE_CHARACTERS = 95;

/** About how high a turn is before it was drawn. */
function estimate(turn: Turn | undefined): number {
  if (!turn) return 80;
  let lines = 0;
  for (let at = 0; at < turn.text.length; lines++) {
    const end = turn.text.indexOf("\n", at);
    const next = end < 0 ? turn.text.length : end;
    lines += Math.floor((next - at) / LINE_CHARACTERS);
    at = next + 1;
  }
  return Math.max(lines, 1) * LINE_PX + (turn.role === "user" ? 18 : 76) + turn.files.length * 60;
}
