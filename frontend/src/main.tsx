import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "@mantine/spotlight/styles.css";
import "./app/global.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { api } from "./api";
import { App } from "./app/App";
import { fetchFirst } from "./app/pages";
import { mendLanguage } from "./lib/language";
import { startFeed } from "./state/feed";
import { host } from "./ui/host";

mendLanguage(window.navigator);
host.copy = text => api.copy(text);
host.saves = api.kind === "browser";
fetchFirst();
startFeed();
createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
