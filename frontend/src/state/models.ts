import type { Model } from "../api";

/** The name that stands for whatever model is active when a request is made. */
export const ACTIVE = "gatehouse/active";

/** What a model picker offers. */
export interface ModelOption {
  value: string;
  label: string;
  group: string;
  hint: string;
}

/** The favourites first, then each provider's. */
export function modelOptions(models: Model[]): ModelOption[] {
  const offered = models.filter(model => model.id !== ACTIVE);
  return [...offered.filter(m => m.favourite), ...offered.filter(m => !m.favourite)].map(model => ({
    value: model.id,
    label: model.id,
    group: model.favourite ? "Favourites" : model.providerName || model.provider,
    hint: model.name === model.id ? "" : model.name,
  }));
}

/** A choice that follows the active model, saying which one that is now. */
export function activeOption(activeModel: string): ModelOption {
  return {
    value: ACTIVE,
    label: "Active model",
    group: "",
    hint: activeModel || "none chosen",
  };
}

/** What a model is known to take besides text. */
export interface Takes {
  images: boolean;
  pdfs: boolean;
}

/** What a model is known to take at any provider; the active one where that is named. */
export function takesOf(models: Model[], model: string, activeModel: string): Takes {
  const entries = models.filter(m => m.id === (model === ACTIVE ? activeModel : model));
  return { images: entries.some(m => m.takesImages), pdfs: entries.some(m => m.takesPDFs) };
}
