// What the history holds: how much, for those who are about to delete some of it, and as a backup.
import { useEffect, useState } from "react";
import { api, type UsageFilter } from "../api";
import { messageOf } from "../lib/errors";
import { notifyDone } from "../ui/notify";
import { onEvent } from "./feed";
import { keys } from "./lists";
import { useResource } from "./resource";
import { filterOf, WHOLE } from "./scope";

/** A part of the history: of a project (null is any, empty those without one), over a range of time. */
export interface Part {
  project: string | null;
  from: string | null;
  to: string | null;
}

async function countOf({ project, from, to }: Part): Promise<number> {
  const filter: UsageFilter = { ...filterOf(WHOLE), projects: project === null ? [] : [project] };
  const report = await api.call("usage.report", {
    from,
    to,
    groupBy: "",
    limit: 0,
    bucket: "",
    zone: "",
    filter,
    compare: false,
    drawn: 0,
  });
  return report.totals.requests;
}

/** How many requests started before a moment. */
export function requestsBefore(moment: Date): Promise<number> {
  return countOf({ project: null, from: null, to: moment.toISOString() });
}

/** How many requests a part of the history holds; null until that is known. */
export function useCount(part: Part, wanted: boolean): { count: number | null; error: string } {
  const [state, setState] = useState<{ count: number | null; error: string }>({ count: null, error: "" });
  const { project, from, to } = part;
  useEffect(() => {
    setState({ count: null, error: "" });
    if (!wanted) return;
    let shown = true;
    const load = async () => {
      try {
        const count = await countOf({ project, from, to });
        if (shown) setState({ count, error: "" });
      } catch (error) {
        if (shown) setState({ count: null, error: messageOf(error) });
      }
    };
    void load();
    const off = onEvent("usage.changed", () => void load());
    return () => {
      shown = false;
      off();
    };
  }, [project, from, to, wanted]);
  return state;
}

/** The projects that there are, by their keys and by the history; an empty name is the requests without one. */
export function useProjects(): string[] {
  const { data } = useResource(keys);
  const [used, setUsed] = useState<string[]>([]);
  useEffect(() => {
    let shown = true;
    const load = async () => {
      try {
        const rows = await api.call("usage.totals", { by: "project", since: null, until: null });
        if (shown) setUsed(rows.rows.map(row => row.name));
      } catch {
        // The keys' projects can be chosen all the same.
      }
    };
    void load();
    const off = onEvent("usage.changed", () => void load());
    return () => {
      shown = false;
      off();
    };
  }, []);
  const names = new Set([...(data?.keys ?? []).map(key => key.project), ...used]);
  return [...names].sort();
}

/** Writes a backup to a file that the user chooses, and tells where it is. */
export async function backUp() {
  const written = await api.backUp();
  if (written === "downloads")
    notifyDone("The backup is being written", "Your browser has it as soon as it is whole.");
  else if (written) notifyDone("The backup is made", written.path);
}
