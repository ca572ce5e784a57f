import { IconInfoCircle } from "@tabler/icons-react";
import type { EditorStep } from "../../api";
import { sentences } from "../../lib/text";
import { CopyField } from "../../ui/Copy";
import classes from "./Connect.module.css";

/** What is left to do by hand; a value has a button that copies it. */
export function Steps({ list }: { list: EditorStep[] }) {
  if (list.length === 0) return null;
  return (
    <ol className={classes.steps} aria-label="Steps">
      {list.map(step => (
        <li key={step.text}>
          <StepView step={step} />
        </li>
      ))}
    </ol>
  );
}

/** A longer text than this stands above its value. */
const BESIDE = 16;

function StepView({ step: { text, value } }: { step: EditorStep }) {
  if (!value) return <p>{text}</p>;
  if (text.length <= BESIDE) return <CopyField label={text} value={value} />;
  return (
    <>
      <p>{text}</p>
      <CopyField label="Value" value={value} what={value} />
    </>
  );
}

/** What to know about a change. */
export function Notices({ list }: { list: string[] }) {
  if (list.length === 0) return null;
  return (
    <ul className={classes.notices} aria-label="Notices">
      {list.map(text => (
        <li key={text} className={classes.notice}>
          <IconInfoCircle size={16} aria-hidden />
          <span>{sentences(text)}</span>
        </li>
      ))}
    </ul>
  );
}
