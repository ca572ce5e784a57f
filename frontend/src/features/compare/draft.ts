import type { PromptList } from "../../api";
import { createStore } from "../../state/store";

export const MIN_MODELS = 2;
export const MAX_MODELS = 6;

/** What is to be compared, as it is being put together. */
export interface Draft {
  models: string[];
  prompts: string[];
  system: string;
  /** As typed; empty for each model's own. */
  temperature: string;
}

/** Kept as long as the pages are open. */
export const draft = createStore<Draft>({ models: [], prompts: [""], system: "", temperature: "0.7" });

export function change(part: Partial<Draft>) {
  draft.set({ ...draft.get(), ...part });
}

/** The prompts that say something. */
export function written(prompts: string[]): string[] {
  return prompts.map(p => p.trim()).filter(p => p !== "");
}

export function takePrompts(list: PromptList) {
  change({ prompts: list.prompts });
}

/** The temperature as a number; null for each model's own, undefined where it is none. */
export function temperatureOf(text: string): number | null | undefined {
  if (text.trim() === "") return null;
  const n = Number(text);
  return Number.isFinite(n) && n >= 0 && n <= 2 ? n : undefined;
}
