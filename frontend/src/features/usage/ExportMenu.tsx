import { Button, Menu } from "@mantine/core";
import { IconCopy, IconDownload } from "@tabler/icons-react";
import { useState } from "react";
import { api } from "../../api";
import { formatCount, plural } from "../../lib/numbers";
import { allOfScope, MOST } from "../../state/log";
import { announce } from "../../ui/announce";
import { host } from "../../ui/host";
import { attempt, notify } from "../../ui/notify";
import { csvOf, jsonOf } from "./export";

const FORMATS = [
  { name: "CSV", file: "requests.csv", type: "text/csv", of: csvOf },
  { name: "JSON", file: "requests.json", type: "application/json", of: jsonOf },
] as const;

/** Exports every request that the filters let through, not only those that are on the screen. */
export function ExportMenu() {
  const [busy, setBusy] = useState(false);
  const run = async (format: (typeof FORMATS)[number], give: (text: string) => Promise<void> | void) => {
    setBusy(true);
    await attempt("The export failed", async () => {
      const { records, more } = await allOfScope();
      await give(format.of(records));
      announce(`Exported ${plural(records.length, "request")}.`);
      if (more) {
        notify(
          "There is more",
          `The export has the newest ${formatCount(MOST)} requests. Narrow the range for those before.`,
        );
      }
    });
    setBusy(false);
  };
  return (
    <Menu position="bottom-end" shadow="md">
      <Menu.Target>
        <Button variant="default" size="compact-sm" loading={busy} leftSection={<IconDownload size={14} />}>
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {/* The window's web view has no downloads. */}
        {api.kind !== "window" &&
          FORMATS.map(format => (
            <Menu.Item
              key={format.name}
              leftSection={<IconDownload size={15} />}
              onClick={() => void run(format, text => download(text, format.file, format.type))}
            >
              Download {format.name}
            </Menu.Item>
          ))}
        {FORMATS.map(format => (
          <Menu.Item
            key={format.name}
            leftSection={<IconCopy size={15} />}
            onClick={() => void run(format, text => host.copy(text))}
          >
            Copy {format.name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function download(text: string, file: string, type: string) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = file;
  link.click();
  URL.revokeObjectURL(url);
}
