// What is kept of prompts and answers.
import { useEffect, useState } from "react";
import { api, type RequestContents } from "../api";
import { messageOf } from "../lib/errors";
import { onEvent } from "./feed";
import { createResource } from "./resource";

/** Whose prompts and answers are kept, and how much there is. */
export const contents = createResource(
  () => api.call("contents.list"),
  [
    stale => onEvent("settings", stale),
    stale => onEvent("contents", stale),
    stale => onEvent("usage.changed", stale),
  ],
);

/** Has the prompts and answers of a project kept for a time such as 24h; none turns it off and removes what there is. */
export async function keepContents(project: string, keep: string) {
  await api.call("contents.set", { project, keep });
}

/** Spells a time such as 24h or 7d for people. */
export function keepText(keep: string): string {
  const n = Number.parseInt(keep, 10);
  if (/^\d+d$/.test(keep)) return n === 1 ? "1 day" : `${n} days`;
  if (/^\d+h$/.test(keep)) return n === 1 ? "1 hour" : `${n} hours`;
  if (/^\d+m$/.test(keep)) return n === 1 ? "1 minute" : `${n} minutes`;
  return keep;
}

export const projectName = (project: string) => project || "none";

export interface OfRequest {
  contents: RequestContents | null;
  error: string;
}

/** What the client of one request sent and got. It can be read shortly after the request ended. */
export function useContents(id: string, outcome: string): OfRequest {
  const [state, setState] = useState<OfRequest>({ contents: null, error: "" });
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is asked again when the request ends
  useEffect(() => {
    let shown = true;
    const load = async () => {
      try {
        const answer = await api.call("contents.get", { id });
        if (shown) setState({ contents: answer, error: "" });
      } catch (error) {
        if (shown) setState({ contents: null, error: messageOf(error) });
      }
    };
    void load();
    const offs = [
      onEvent("contents", ref => {
        if (ref.id === id) void load();
      }),
      onEvent("settings", () => void load()),
      onEvent("usage.changed", () => void load()),
    ];
    return () => {
      shown = false;
      for (const off of offs) off();
    };
  }, [id, outcome]);
  return state;
}
