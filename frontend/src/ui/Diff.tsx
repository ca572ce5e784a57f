import classes from "./Diff.module.css";

interface Line {
  kind: "added" | "removed" | "same" | "gap";
  text: string;
}

/** Takes a unified diff of one file apart; its head says nothing that is not said beside it. */
export function diffLines(diff: string): Line[] {
  const out: Line[] = [];
  let inHunk = false;
  for (const raw of diff.replace(/\n$/, "").split("\n")) {
    const line = raw.replace(/\r$/, "");
    if (line.startsWith("@@")) {
      if (inHunk) out.push({ kind: "gap", text: "…" });
      inHunk = true;
      continue;
    }
    if (!inHunk || line.startsWith("\\")) continue;
    const kind = line[0] === "+" ? "added" : line[0] === "-" ? "removed" : "same";
    out.push({ kind, text: line.slice(1) });
  }
  return out;
}

const SIGNS = { added: "+", removed: "−", same: " ", gap: " " };
const SPOKEN = { added: "added: ", removed: "removed: ", same: "", gap: "" };

/** Shows a unified diff. Signs say what colours say. */
export function Diff({ text, label }: { text: string; label: string }) {
  return (
    <pre className={classes.diff} tabIndex={0} aria-label={label} role="group">
      {diffLines(text).map((line, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line is told by its place
        <div key={i} className={classes.line} data-kind={line.kind}>
          <span className={classes.sign} aria-hidden>
            {SIGNS[line.kind]}
          </span>
          <span className="visually-hidden">{SPOKEN[line.kind]}</span>
          <code>{line.text || " "}</code>
        </div>
      ))}
    </pre>
  );
}
