import { Button, Modal, Stack, Text } from "@mantine/core";
import { useEffect, useState } from "react";
import { api } from "../api";
import { onEvent } from "../state/feed";
import { attempt } from "../ui/notify";

/** Asks what closing the window should mean where no tray could bring it back. */
export function CloseDialog() {
  const [opened, setOpened] = useState(false);
  useEffect(() => onEvent("window.closeAsked", () => setOpened(true)), []);
  const close = () => setOpened(false);
  return (
    <Modal opened={opened} onClose={close} title="Keep Gatehouse running?">
      <Stack>
        <Text>
          There is no tray for Gatehouse to stay in. In the background it goes on serving your editors; start
          Gatehouse again to get this window back.
        </Text>
        <Stack gap="xs">
          <Button
            data-autofocus
            onClick={async () => {
              if (await attempt("Hiding the window failed", () => api.call("window.hide"))) close();
            }}
          >
            Keep running in the background
          </Button>
          <Button
            variant="default"
            onClick={() => void attempt("Quitting failed", () => api.call("app.quit"))}
          >
            Quit Gatehouse
          </Button>
          <Button variant="subtle" color="gray" onClick={close}>
            Cancel
          </Button>
        </Stack>
      </Stack>
    </Modal>
  );
}
