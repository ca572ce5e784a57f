import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { announce } from "./announce";
import classes from "./Copy.module.css";
import { host } from "./host";
import { notifyError } from "./notify";

const SHOWN_MS = 1800;

function useCopy(text: string, what: string) {
  const [copied, setCopied] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = async () => {
    try {
      await host.copy(text);
    } catch (error) {
      notifyError(`Copying the ${what} failed`, error);
      return;
    }
    announce(`Copied the ${what}.`);
    setCopied(true);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setCopied(false), SHOWN_MS);
  };
  return { copied, copy };
}

/** An icon that copies a text. What names it: "Base URL" is read as "Copy the Base URL". */
export function CopyIcon({ text, what, size = 26 }: { text: string; what: string; size?: number }) {
  const { copied, copy } = useCopy(text, what);
  return (
    <Tooltip label={copied ? "Copied" : `Copy the ${what}`}>
      <ActionIcon
        variant="subtle"
        color={copied ? "gate" : "gray"}
        c={copied ? undefined : "dimmed"}
        size={size}
        onClick={copy}
        aria-label={`Copy the ${what}`}
      >
        {copied ? <IconCheck size={15} /> : <IconCopy size={15} />}
      </ActionIcon>
    </Tooltip>
  );
}

export function CopyButton({
  text,
  what,
  primary = false,
}: {
  text: string;
  what: string;
  primary?: boolean;
}) {
  const { copied, copy } = useCopy(text, what);
  return (
    <Button
      variant={primary ? "filled" : "default"}
      leftSection={copied ? <IconCheck size={15} /> : <IconCopy size={15} />}
      onClick={copy}
      aria-label={`Copy the ${what}`}
    >
      {copied ? "Copied" : "Copy"}
    </Button>
  );
}

/** A value on one line with its name before it and a button that copies it. */
export function CopyField({ label, value, what = label }: { label: string; value: string; what?: string }) {
  return (
    <div className={classes.field}>
      <span className={classes.label}>{label}</span>
      <code className={classes.value} title={value}>
        {value}
      </code>
      <CopyIcon text={value} what={what} />
    </div>
  );
}

/** A command or setting of several lines with a button that copies it. */
export function CopyBlock({ text, what }: { text: string; what: string }) {
  return (
    <div className={classes.block}>
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
      <CopyIcon text={text} what={what} />
    </div>
  );
}
