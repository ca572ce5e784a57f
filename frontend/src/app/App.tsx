import { localStorageColorSchemeManager, MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { useEffect } from "react";
import { listenToKeyboard } from "../actions/keyboard";
import { api } from "../api";
import { safeLink } from "../lib/links";
import { useSession } from "../state/session";
import { Announcer } from "../ui/announce";
import { Boundary } from "./Boundary";
import { Frame } from "./Frame";
import { Connecting, Ended } from "./NotConnected";
import { theme } from "./theme";

const colorScheme = localStorageColorSchemeManager({ key: "gatehouse.theme" });

export function App() {
  const { connection, status } = useSession();
  useEffect(() => listenToKeyboard(), []);
  useEffect(() => listenToLinks(), []);
  return (
    <MantineProvider theme={theme} colorSchemeManager={colorScheme} defaultColorScheme="auto">
      <Announcer />
      <Notifications position="bottom-right" limit={4} containerWidth={380} />
      <Boundary page="the frame">
        {connection === "ended" ? (
          <Ended />
        ) : status ? (
          <Frame />
        ) : (
          <Connecting broken={connection === "broken"} />
        )}
      </Boundary>
    </MantineProvider>
  );
}

// The window has no tabs: an address that leads out of the pages is opened by the user's browser.
function listenToLinks(): () => void {
  if (api.kind !== "window") return () => {};
  const onClick = (event: MouseEvent) => {
    const anchor = event.target instanceof Element ? event.target.closest("a[target=_blank]") : null;
    const address = safeLink(anchor?.getAttribute("href"));
    if (!address) return;
    event.preventDefault();
    api.open(address);
  };
  document.addEventListener("click", onClick);
  return () => document.removeEventListener("click", onClick);
}
