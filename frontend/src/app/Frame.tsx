import { Loader } from "@mantine/core";
import { type ComponentType, type LazyExoticComponent, lazy, Suspense, useEffect } from "react";
import { onEvent } from "../state/feed";
import { go, PAGES, type PageName, useRoute } from "../state/route";
import { Banners } from "./Banners";
import { Boundary } from "./Boundary";
import { CloseDialog } from "./CloseDialog";
import classes from "./Frame.module.css";
import { Header } from "./Header";
import { Help } from "./Help";
import { Nav } from "./Nav";
import { Palette } from "./Palette";

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

const views = Object.fromEntries(PAGES.map(page => [page, lazy(loaders[page])])) as Record<
  PageName,
  LazyExoticComponent<View>
>;

/** Once the first page is drawn, the others are fetched, so that they open at once and also while we reconnect. */
const FETCH_OTHERS_AFTER_MS = 400;

/** The frame around every page. */
export function Frame() {
  const { page, item } = useRoute();
  const View = views[page];
  useEffect(() => {
    const timer = setTimeout(() => {
      // One that fails is fetched again when it is gone to, and its failure shown there.
      for (const load of Object.values(loaders)) load().catch(() => {});
    }, FETCH_OTHERS_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  useEffect(
    () =>
      onEvent("window.pageAsked", asked => {
        const known = PAGES.find(name => name === asked.page);
        if (known) go(known, asked.item);
      }),
    [],
  );
  return (
    <div className={classes.frame}>
      <button type="button" className={classes.skip} onClick={() => document.getElementById("main")?.focus()}>
        Skip to the content
      </button>
      <Nav current={page} />
      <div className={classes.body}>
        <Header />
        <Banners />
        <main id="main" tabIndex={-1} className={classes.main}>
          <Boundary key={page}>
            <Suspense fallback={<Loader size="sm" m="xl" aria-label="Loading the page" />}>
              <View item={item} />
            </Suspense>
          </Boundary>
        </main>
      </div>
      <Palette />
      <Help />
      <CloseDialog />
    </div>
  );
}
