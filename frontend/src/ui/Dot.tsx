import classes from "./Dot.module.css";

export type Tone = "good" | "warn" | "bad" | "quiet" | "busy";

/** A coloured dot; the words beside it say the same. */
export function Dot({ tone }: { tone: Tone }) {
  return <span className={classes.dot} data-tone={tone} aria-hidden="true" />;
}

/** A word with its dot. */
export function Mood({ tone, children }: { tone: Tone; children: string }) {
  return (
    <span className={classes.mood} data-tone={tone}>
      <Dot tone={tone} />
      {children}
    </span>
  );
}
