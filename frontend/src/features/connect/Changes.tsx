import { Diff } from "../../ui/Diff";
import classes from "./Connect.module.css";
import { byFile } from "./files";

/** The change of one or more files. */
export function Changes({ diff }: { diff: string }) {
  return (
    <div className={classes.changes}>
      {byFile(diff).map(part => (
        <figure key={part.path}>
          <figcaption>
            <code title={part.path}>{part.path}</code>
            {part.made && <span> (new file)</span>}
            {part.gone && <span> (removed)</span>}
          </figcaption>
          <Diff text={part.text} label={`Change of ${part.path}`} />
        </figure>
      ))}
    </div>
  );
}
