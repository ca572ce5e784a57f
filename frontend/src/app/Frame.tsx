import { Loader } from "@mantine/core";
import { Suspense, useEffect } from "react";
import { onEvent } from "../state/feed";
import { go, PAGES, useRoute } from "../state/route";
import { Banners } from "./Banners";
import { Boundary } from "./Boundary";
import { CloseDialog } from "./CloseDialog";
import classes from "./Frame.module.css";
import { Header } from "./Header";
import { Help } from "./Help";
import { Nav } from "./Nav";
import { Palette } from "./Palette";
import { fetchOthers, views } from "./pages";

/** The frame around every page. */
export function Frame() {
  const { page, item } = useRoute();
  const View = views[page];
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
          <Boundary key={page} page={page}>
            <Suspense
              fallback={<Loader size="sm" m="xl" aria-label="Loading the page" className={classes.late} />}
            >
              <View item={item} />
              <Shown />
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

// It is drawn together with the page, and so not before it.
function Shown() {
  useEffect(fetchOthers, []);
  return null;
}
