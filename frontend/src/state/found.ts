// Providers' keys that lie in files in plain text.
import { api } from "../api";
import { onEvent } from "./feed";
import { createResource } from "./resource";

/** Files that the user named, besides those where keys usually are. */
const files: string[] = [];

// Moving one, here or from the command line, makes a local key or revokes it.
export const foundKeys = createResource(
  () => api.call("stray.list", { files: [...files] }),
  [stale => onEvent("keys", stale)],
);

/** Looks into one more file from now on. */
export function lookInto(path: string) {
  if (!files.includes(path)) files.push(path);
  foundKeys.reload().then(() => {
    // A path that can't be looked into must not stand in the way of the others.
    if (foundKeys.get().error) files.splice(files.indexOf(path), 1);
  });
}
