import { useCallback, useEffect, useRef, useState } from "react";
import { api, type SettingChange, type SettingsDraft } from "../api";
import { messageOf } from "../lib/errors";
import { onEvent } from "./feed";
import { createResource } from "./resource";

/** The settings file, and what is in force. */
export const settings = createResource(() => api.call("settings.get"), [stale => onEvent("settings", stale)]);

/** Sets a member of the settings, or takes it out where the value is left out. */
export const change = (path: string[], value: unknown = null): SettingChange => ({ path, value });

/** Makes changes at once, where there is nothing to look at before. */
export async function applyChanges(changes: SettingChange[]) {
  const draft = await api.call("settings.preview", { changes });
  if (draft.problem) throw new Error(draft.problem.message);
  await api.call("settings.apply", { revision: draft.revision, changes });
}

/** How long after the last key the changes are tried. */
const PAUSE_MS = 150;

export interface DraftState {
  /** What the changes would make of the file; null until they were tried. */
  draft: SettingsDraft | null;
  /** Why they can't be tried. */
  error: string;
  /** Whether what is shown is about older changes. */
  stale: boolean;
  /** Saves exactly what is shown. */
  save(): Promise<void>;
}

/** Tries changes while they are typed, and again whenever the file changes under them. */
export function useDraft(changes: SettingChange[]): DraftState {
  const key = JSON.stringify(changes);
  const [tried, setTried] = useState<{ key: string; draft: SettingsDraft | null; error: string }>({
    key: "",
    draft: null,
    error: "",
  });
  const [round, setRound] = useState(0);
  useEffect(() => onEvent("settings", () => setRound(n => n + 1)), []);
  const first = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another round asks the same again
  useEffect(() => {
    let current = true;
    const ask = async () => {
      try {
        const draft = await api.call("settings.preview", { changes: JSON.parse(key) as SettingChange[] });
        if (current) setTried({ key, draft, error: "" });
      } catch (error) {
        if (current) setTried({ key, draft: null, error: messageOf(error) });
      }
    };
    const timer = setTimeout(() => void ask(), first.current ? 0 : PAUSE_MS);
    first.current = false;
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [key, round]);
  const { draft } = tried;
  const save = useCallback(async () => {
    await api.call("settings.apply", {
      revision: draft?.revision ?? "",
      changes: JSON.parse(key) as SettingChange[],
    });
  }, [key, draft]);
  return { draft, error: tried.error, stale: tried.key !== key, save };
}
