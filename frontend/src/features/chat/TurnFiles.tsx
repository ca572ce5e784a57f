import { Modal } from "@mantine/core";
import { IconFileTypePdf, IconPhotoOff } from "@tabler/icons-react";
import { useState } from "react";
import type { ChatFile } from "../../api";
import { useFile } from "../../state/files";
import { megabytes } from "./attach";
import classes from "./Files.module.css";

/** The files that went with a message. */
export function TurnFiles({ conversation, files }: { conversation: string; files: ChatFile[] }) {
  if (files.length === 0) return null;
  return (
    <ul className={classes.sent} aria-label="Files">
      {files.map(file => (
        <li key={file.id}>
          {file.mediaType.startsWith("image/") ? (
            <Picture conversation={conversation} file={file} />
          ) : (
            <span className={classes.attached}>
              <IconFileTypePdf size={26} stroke={1.4} aria-hidden />
              <span className={classes.name}>
                <span dir="auto" title={file.name}>
                  {file.name}
                </span>
                <span className={classes.size}>{megabytes(file.size)}</span>
              </span>
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

function Picture({ conversation, file }: { conversation: string; file: ChatFile }) {
  const { address, error } = useFile(conversation, file.id);
  const [open, setOpen] = useState(false);
  if (error)
    return (
      <span className={classes.attached} title={error}>
        <IconPhotoOff size={22} stroke={1.4} aria-hidden />
        <span className={classes.name}>{file.name} can't be shown</span>
      </span>
    );
  return (
    <>
      <button
        type="button"
        className={classes.picture}
        aria-label={`Show ${file.name}`}
        onClick={() => setOpen(true)}
      >
        {address && <img src={address} alt={file.name} />}
      </button>
      <Modal opened={open} onClose={() => setOpen(false)} title={file.name} size="auto" centered>
        <img className={classes.whole} src={address} alt={file.name} />
      </Modal>
    </>
  );
}
