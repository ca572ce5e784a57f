// Where the user is, kept in the address's fragment, which works the same in the window and in a browser.
import { createStore, useStore } from "./store";

export const PAGES = [
  "start",
  "chat",
  "compare",
  "models",
  "routing",
  "usage",
  "budgets",
  "connect",
  "keys",
  "credentials",
  "settings",
] as const;
export type PageName = (typeof PAGES)[number];

export interface Route {
  page: PageName;
  /** What of the page is shown, such as a conversation's id; empty for nothing in particular. */
  item: string;
}

export function parseRoute(hash: string): Route {
  const [page = "", item = ""] = hash.replace(/^#\/?/, "").split("/");
  const known = PAGES.find(name => name === page);
  let decoded = "";
  try {
    decoded = decodeURIComponent(item);
  } catch {
    // A malformed address names nothing.
  }
  return known ? { page: known, item: decoded } : { page: "start", item: "" };
}

export function routeHash(page: PageName, item = ""): string {
  return item ? `#/${page}/${encodeURIComponent(item)}` : `#/${page}`;
}

const route = createStore<Route>(parseRoute(window.location.hash));
window.addEventListener("hashchange", () => route.set(parseRoute(window.location.hash)));

export function useRoute(): Route {
  return useStore(route);
}

export function currentRoute(): Route {
  return route.get();
}

export function go(page: PageName, item = "") {
  window.location.hash = routeHash(page, item);
}

/** Changes the address without a step to go back to. */
export function replaceRoute(page: PageName, item = "") {
  window.history.replaceState(null, "", routeHash(page, item));
  route.set({ page, item });
}
