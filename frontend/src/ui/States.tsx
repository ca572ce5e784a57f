import { Button, Skeleton } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { sentences } from "../lib/text";
import classes from "./States.module.css";

/** Stands in for a list that has not been answered yet. */
export function Loading({ what, rows = 5, height = 40 }: { what: string; rows?: number; height?: number }) {
  return (
    <div role="status" aria-label={`Loading ${what}`} className={classes.loading}>
      {Array.from({ length: rows }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows have nothing else to tell them apart
        <Skeleton key={i} height={height} radius="md" style={{ opacity: 1 - i / (rows + 1) }} />
      ))}
    </div>
  );
}

/** Says what failed and offers to try again. */
export function ErrorNote({ title, message, retry }: { title: string; message: string; retry?: () => void }) {
  return (
    <div role="alert" className={classes.error}>
      <IconAlertTriangle size={17} aria-hidden className={classes.errorIcon} />
      <div className={classes.errorText}>
        <strong>{title}</strong>
        <div>{sentences(message)}</div>
      </div>
      {retry && (
        <Button variant="default" size="xs" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  );
}

/** Says that a list is empty, and what would fill it. */
export function Empty({ icon, title, children }: { icon?: ReactNode; title: string; children?: ReactNode }) {
  return (
    <div className={classes.empty}>
      {icon && (
        <div className={classes.emptyIcon} aria-hidden>
          {icon}
        </div>
      )}
      <p className={classes.emptyTitle}>{title}</p>
      {children && <div className={classes.emptyText}>{children}</div>}
    </div>
  );
}
