import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { announce } from "./announce";
import { attempt, closeButtonProps } from "./notify";
import classes from "./undo.module.css";

const UNDO_MS = 10_000;

/** Says that something is deleted, and for a while offers to have it back. */
export function notifyDeleted(what: string, title: string, restore: () => Promise<unknown>) {
  announce(`Deleted ${title}.`);
  const id = notifications.show({
    withBorder: true,
    autoClose: UNDO_MS,
    closeButtonProps,
    message: (
      <span className={classes.undo}>
        <span>Deleted “{title}”</span>
        <Button
          size="compact-sm"
          variant="light"
          onClick={async () => {
            if (await attempt(`Restoring the ${what} failed`, restore)) notifications.hide(id);
          }}
        >
          Undo
        </Button>
      </span>
    ),
  });
}
