import { type DragEvent, type ReactNode, useRef, useState } from "react";
import type { Takes } from "../../state/models";
import { spellTakes } from "./attach";
import classes from "./Chat.module.css";

interface Props {
  label: string;
  takes: Takes;
  onFiles(files: File[]): void;
  children: ReactNode;
}

/** The conversation's part of the page, onto which files can be dropped. */
export function DropZone({ label, takes, onFiles, children }: Props) {
  const [over, setOver] = useState(false);
  const depth = useRef(0); // entering a child leaves its parent, in this order
  const carries = (event: DragEvent) => event.dataTransfer.types.includes("Files");
  const leave = () => {
    depth.current = 0;
    setOver(false);
  };
  return (
    <section
      className={classes.thread}
      aria-label={label}
      onDragEnter={event => {
        if (!carries(event)) return;
        depth.current++;
        setOver(true);
      }}
      onDragLeave={event => {
        if (carries(event) && --depth.current <= 0) leave();
      }}
      onDragOver={event => {
        if (carries(event)) event.preventDefault(); // else the browser would open what is dropped
      }}
      onDrop={event => {
        if (!carries(event)) return;
        event.preventDefault();
        leave();
        onFiles([...event.dataTransfer.files]);
      }}
    >
      {children}
      {over && (
        <div className={classes.dropHere}>
          {takes.images || takes.pdfs
            ? `Drop ${spellTakes(takes)} here`
            : "The model is not known to take files"}
        </div>
      )}
    </section>
  );
}
