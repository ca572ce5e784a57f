import type { CatalogEntry } from "../../api";
import { matches } from "../../lib/search";

/** What a model can do that one may want of it, and the tag that says so. */
export const ABILITIES = [
  { tag: "vision", label: "Vision" },
  { tag: "tool-use", label: "Tools" },
  { tag: "reasoning", label: "Reasoning" },
  { tag: "file-input", label: "Files" },
] as const;

/** Which models are shown. */
export interface Filters {
  search: string;
  /** Those that requests can be sent to now. */
  usable: boolean;
  favourites: boolean;
  free: boolean;
  local: boolean;
  tags: string[];
  /** A provider's ID; empty for all. */
  provider: string;
  /** The least context, in tokens; 0 for any. */
  context: number;
  /** The highest price of a million input tokens, in USD; null for any. */
  price: number | null;
}

export const EVERYTHING: Filters = {
  search: "",
  usable: false,
  favourites: false,
  free: false,
  local: false,
  tags: [],
  provider: "",
  context: 0,
  price: null,
};

const PICO_PER_USD_A_MILLION = 1_000_000;

export function filtered(models: CatalogEntry[], f: Filters): CatalogEntry[] {
  return models.filter(
    m =>
      (!f.usable || m.usable) &&
      (!f.favourites || m.favourite) &&
      (!f.free || m.free) &&
      (!f.local || m.local) &&
      f.tags.every(tag => m.tags.includes(tag)) &&
      (!f.provider || m.provider === f.provider) &&
      (f.context === 0 || (m.contextWindow ?? 0) >= f.context) &&
      (f.price === null || (m.inputPicoUSD !== null && m.inputPicoUSD <= f.price * PICO_PER_USD_A_MILLION)) &&
      matches(
        f.search,
        m.id,
        m.name,
        m.provider,
        m.providerName,
        m.type,
        m.local ? "local" : "",
        m.free ? "free" : "",
      ),
  );
}

export type Column = "id" | "context" | "input" | "output" | "firstToken";

export interface Sorting {
  by: Column;
  /** The largest first. */
  down: boolean;
}

const values: Record<Exclude<Column, "id">, (m: CatalogEntry) => number | null> = {
  context: m => m.contextWindow,
  input: m => m.inputPicoUSD,
  output: m => m.outputPicoUSD,
  firstToken: m => m.firstTokenP75Ms,
};

/** Sorts models: those without the number last, whichever way; equals stay in their order, favourites in front by name. */
export function sorted(models: CatalogEntry[], { by, down }: Sorting): CatalogEntry[] {
  const sign = down ? -1 : 1;
  if (by === "id") {
    return [...models].sort(
      (a, b) => Number(b.favourite) - Number(a.favourite) || sign * (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
    );
  }
  const value = values[by];
  return [...models].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    return sign * (x - y);
  });
}

/** The first click sorts in the direction in which one looks for something: much context, little money and waiting. */
export function clicked(now: Sorting, by: Column): Sorting {
  return now.by === by ? { by, down: !now.down } : { by, down: by === "context" };
}
