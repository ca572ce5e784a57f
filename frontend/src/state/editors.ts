// The editors, and in which order they are of use.
import type { Editor } from "../api";

const VARIABLES = "env";

/** Tells whether an entry is an editor that is on this machine. Variables need no installation. */
export function installed(e: Editor): boolean {
  return e.detected && e.id !== VARIABLES;
}

const rank = (e: Editor) => (e.connected ? 0 : installed(e) ? 1 : 2);

/** Connected editors come first, then those that are installed. */
export function byUse(list: Editor[]): Editor[] {
  return [...list].sort((a, b) => rank(a) - rank(b));
}

/** How an entry stands, in a word or two. */
export function standing(e: Editor): string {
  if (e.connected) return "Connected";
  return e.id === VARIABLES ? "Not set" : installed(e) ? "Found" : "Not found";
}

const TAKE_BACK = "/take-back";

/** What of the Connect page is about an editor: to connect it, or to take the connection back. */
export function editorItem(id: string, takeBack = false): string {
  return takeBack ? id + TAKE_BACK : id;
}

export function parseEditorItem(item: string): { id: string; takeBack: boolean } {
  const takeBack = item.endsWith(TAKE_BACK);
  return { id: takeBack ? item.slice(0, -TAKE_BACK.length) : item, takeBack };
}

/** The part of the Connect page that is about programs without settings of their own. */
export const PROGRAMS = "programs";
