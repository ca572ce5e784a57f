import { notifications } from "@mantine/notifications";
import { messageOf } from "../lib/errors";
import { sentences } from "../lib/text";

/** A notification's close button has a name. */
export const closeButtonProps = { "aria-label": "Close" };

/** Shows that something the user asked for failed. */
export function notifyError(title: string, error: unknown) {
  notifications.show({
    title,
    message: sentences(messageOf(error)),
    color: "red",
    autoClose: 10_000,
    withBorder: true,
    closeButtonProps,
  });
}

/** Shows what came of something that the user asked for and that can't be seen. */
export function notifyDone(title: string, message: string) {
  notifications.show({ title, message, withBorder: true, closeButtonProps });
}

/** Runs a command whose only visible failure is a notification. */
export async function attempt(title: string, command: () => Promise<unknown>): Promise<boolean> {
  try {
    await command();
    return true;
  } catch (error) {
    notifyError(title, error);
    return false;
  }
}

/** Shows something that the user should know and that is no failure. */
export function notify(title: string, message: string) {
  notifications.show({ title, message, autoClose: 10_000, withBorder: true, closeButtonProps });
}
