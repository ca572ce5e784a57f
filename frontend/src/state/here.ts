// What can be done with the conversation in view, for whoever is not part of its page: the keyboard and the palette.
import { createStore } from "./store";

/** A command is missing where it makes no sense at the moment. */
export interface Here {
  attach?: () => void;
  configure?: () => void;
  copyLast?: () => void;
  retry?: () => void;
  retryOther?: () => void;
  editLast?: () => void;
  branch?: () => void;
  pin?: () => void;
  rename?: () => void;
  exportMarkdown?: () => void;
  exportJson?: () => void;
  remove?: () => void;
}

export const here = createStore<Here>({});

/** Counts how often the search of the conversations was asked for. */
export const searchAsked = createStore(0);
