// The pages' code, each a file of its own that is fetched when it is gone to, or before, once there is nothing else to do.
import { type ComponentType, type LazyExoticComponent, lazy } from "react";
import { PAGES, type PageName, parseRoute } from "../state/route";

type View = ComponentType<{ item: string }>;

const loaders: Record<PageName, () => Promise<{ default: View }>> = {
  start: () => import("../features/start/StartPage"),
  chat: () => import("../features/chat/ChatPage"),
  models: () => import("../features/models/ModelsPage"),
  routing: () => import("../features/routing/RoutingPage"),
  usage: () => import("../features/usage/UsagePage"),
  budgets: () => import("../features/budgets/BudgetsPage"),
  connect: () => import("../features/connect/ConnectPage"),
  keys: () => import("../features/keys/KeysPage"),
  credentials: () => import("../features/credentials/CredentialsPage"),
  settings: () => import("../features/settings/SettingsPage"),
  compare: () => import("../features/compare/ComparePage"),
};

export const views = Object.fromEntries(PAGES.map(page => [page, lazy(loaders[page])])) as Record<
  PageName,
  LazyExoticComponent<View>
>;

// One that fails is fetched again when it is gone to, and its failure shown there.
const fetchPage = (page: PageName) => loaders[page]().catch(() => {});

/** Fetches the page that the address names while the connection is made that it is drawn with. */
export function fetchFirst() {
  void fetchPage(parseRoute(window.location.hash).page);
}

const SHOWN = "first page shown";

/** How long it stays quiet for before a page is fetched, where the browser tells of no idle time. */
const QUIET_MS = 30;

function idle(): Promise<unknown> {
  return new Promise(done =>
    "requestIdleCallback" in window ? window.requestIdleCallback(done) : setTimeout(done, QUIET_MS),
  );
}

/** Fetches the other pages one by one, so that they open at once and also while we reconnect. The function stops it. */
export function fetchOthers(): () => void {
  let stopped = false;
  // Who measures the first page has to know what is asked for after it.
  if (performance.getEntriesByName(SHOWN).length === 0) performance.mark(SHOWN);
  void (async () => {
    for (const page of PAGES) {
      await idle();
      if (stopped) return;
      await fetchPage(page);
    }
  })();
  return () => {
    stopped = true;
  };
}
