import classes from "./SpentBar.module.css";

interface Props {
  /** What it is a bar of, for screen readers. */
  label: string;
  /** The same in words: "$15.21 of $20.00 this month (76 %)". */
  text: string;
  spent: number;
  reserved: number;
  most: number;
  /** Percentages to mark. */
  marks?: number[];
  tone: "good" | "warn" | "bad" | "quiet" | "busy";
}

const share = (part: number, whole: number) =>
  whole > 0 ? Math.min((part / whole) * 100, 100) : part > 0 || whole === 0 ? 100 : 0;

/** How much of something is spent, and reserved besides. The words stand beside it. */
export function SpentBar({ label, text, spent, reserved, most, marks = [], tone }: Props) {
  const used = share(spent, most);
  return (
    <div
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(used)}
      aria-valuetext={text}
      className={classes.bar}
      data-tone={tone}
    >
      <div className={classes.reserved} style={{ width: `${share(spent + reserved, most)}%` }} />
      <div className={classes.spent} style={{ width: `${used}%` }} />
      {marks
        .filter(mark => mark < 100)
        .map(mark => (
          <div key={mark} className={classes.mark} style={{ left: `${mark}%` }} />
        ))}
    </div>
  );
}
