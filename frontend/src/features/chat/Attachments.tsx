import { CloseButton } from "@mantine/core";
import { IconFileTypePdf } from "@tabler/icons-react";
import { type Attached, megabytes } from "./attach";
import classes from "./Files.module.css";

/** The files that go with the next message. */
export function AttachmentList({ files, remove }: { files: Attached[]; remove(id: number): void }) {
  if (files.length === 0) return null;
  return (
    <ul className={classes.list} aria-label="Files of this message">
      {files.map(file => (
        <li key={file.id} className={classes.attached}>
          {file.type.startsWith("image/") ? (
            <img className={classes.small} src={file.address} alt="" />
          ) : (
            <IconFileTypePdf size={26} stroke={1.4} aria-hidden />
          )}
          <span className={classes.name}>
            <span dir="auto" title={file.name}>
              {file.name}
            </span>
            <span className={classes.size}>{megabytes(file.size)}</span>
          </span>
          <CloseButton size="sm" aria-label={`Remove ${file.name}`} onClick={() => remove(file.id)} />
        </li>
      ))}
    </ul>
  );
}
