import { Button, Menu } from "@mantine/core";
import { IconCopy, IconDownload, IconSettings } from "@tabler/icons-react";
import { useState } from "react";
import { api } from "../../api";
import { formatCount, plural } from "../../lib/numbers";
import { allOfScope, MOST } from "../../state/log";
import { go } from "../../state/route";
import { boundsOf, type Dimension, filterOf, scope } from "../../state/scope";
import { announce } from "../../ui/announce";
import { host } from "../../ui/host";
import { attempt, notify, notifyDone } from "../../ui/notify";
import { csvOf, jsonOf } from "./export";

const FILES = [
  { name: "CSV", format: "csv" },
  { name: "JSON", format: "json" },
  { name: "Parquet", format: "parquet" },
] as const;

const COPIES = [
  { name: "CSV", of: csvOf },
  { name: "JSON", of: jsonOf },
] as const;

/** Exports every request that the filters let through, not only those that are on the screen; or their totals. */
export function ExportMenu({ by }: { by?: Dimension }) {
  const [busy, setBusy] = useState(false);
  const run = async (work: () => Promise<void>) => {
    setBusy(true);
    await attempt("The export failed", work);
    setBusy(false);
  };
  const write = async (format: "csv" | "json" | "parquet") => {
    const s = scope.get();
    const { from, to } = boundsOf(s, new Date());
    const text = by ? "" : s.text.trim();
    const written = await api.exportTable({
      format,
      by: by ?? "",
      from,
      to,
      filter: filterOf(s),
      model: "",
      text,
    });
    if (written === "downloads") announce("The download has begun.");
    else if (written) notifyDone("Exported", written.path);
  };
  const copy = async (of: (typeof COPIES)[number]["of"]) => {
    const { records, more } = await allOfScope();
    await host.copy(of(records));
    announce(`Exported ${plural(records.length, "request")}.`);
    if (more) {
      notify(
        "There is more",
        `The export has the newest ${formatCount(MOST)} requests. Narrow the range for those before.`,
      );
    }
  };
  return (
    <Menu position="bottom-end" shadow="md">
      <Menu.Target>
        <Button variant="default" size="compact-sm" loading={busy} leftSection={<IconDownload size={14} />}>
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {FILES.map(({ name, format }) => (
          <Menu.Item
            key={format}
            leftSection={<IconDownload size={15} />}
            onClick={() => void run(() => write(format))}
          >
            {api.kind === "window" ? `Save as ${name}…` : `Download ${name}`}
          </Menu.Item>
        ))}
        {!by &&
          COPIES.map(({ name, of }) => (
            <Menu.Item
              key={name}
              leftSection={<IconCopy size={15} />}
              onClick={() => void run(() => copy(of))}
            >
              Copy {name}
            </Menu.Item>
          ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconSettings size={15} />} onClick={() => go("settings", "history")}>
          Keep, delete, back up…
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
