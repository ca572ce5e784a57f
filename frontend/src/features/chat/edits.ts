import { createStore } from "../../state/store";

// What is being said anew and is not sent, by turn, for as long as the pages are open: a turn out of view is not drawn.
export const edits = createStore<ReadonlyMap<string, string>>(new Map());

/** Begins, changes or, with null, ends the editing of a turn. */
export function setEdit(turn: string, text: string | null) {
  const next = new Map(edits.get());
  if (text === null) next.delete(turn);
  else next.set(turn, text);
  edits.set(next);
}
