import { expect, test } from "vitest";
import type { CatalogEntry } from "../../api";
import { clicked, EVERYTHING, type Filters, filtered, sorted } from "./filter";

function model(id: string, more: Partial<CatalogEntry> = {}): CatalogEntry {
  return {
    id,
    name: id,
    provider: "openai",
    providerName: "OpenAI",
    type: "language",
    usable: true,
    local: false,
    free: false,
    virtual: false,
    favourite: false,
    tags: [],
    contextWindow: null,
    maxOutput: null,
    inputPicoUSD: null,
    outputPicoUSD: null,
    released: null,
    requests: 0,
    firstTokenP75Ms: null,
    ...more,
  };
}

const ALL = [
  model("a/cheap", { inputPicoUSD: 500_000, contextWindow: 128_000, tags: ["vision", "tool-use"] }),
  model("b/dear", { inputPicoUSD: 15_000_000, contextWindow: 1_000_000, tags: ["vision"], favourite: true }),
  model("c/local", { local: true, free: true, inputPicoUSD: 0, provider: "ollama", providerName: "Ollama" }),
  model("d/absent", { usable: false, contextWindow: 8_000 }),
];

const ids = (models: CatalogEntry[]) => models.map(m => m.id.slice(0, 1)).join("");

test.each<[Partial<Filters>, string]>([
  [{}, "abcd"],
  [{ usable: true }, "abc"],
  [{ favourites: true }, "b"],
  [{ free: true }, "c"],
  [{ local: true }, "c"],
  [{ tags: ["vision"] }, "ab"],
  [{ tags: ["vision", "tool-use"] }, "a"],
  [{ provider: "ollama" }, "c"],
  [{ context: 128_000 }, "ab"],
  [{ price: 0.5 }, "ac"],
  [{ price: 15 }, "abc"],
  [{ search: "openai che" }, "a"],
  [{ search: "free" }, "c"],
])("%j shows %s", (filter, shown) => {
  expect(ids(filtered(ALL, { ...EVERYTHING, ...filter }))).toBe(shown);
});

test("what is unknown comes last, whichever way one sorts; favourites come first by name", () => {
  expect(ids(sorted(ALL, { by: "input", down: false }))).toBe("cabd");
  expect(ids(sorted(ALL, { by: "input", down: true }))).toBe("bacd");
  expect(ids(sorted(ALL, { by: "context", down: true }))).toBe("badc");
  expect(ids(sorted(ALL, { by: "id", down: false }))).toBe("bacd");
});

test("a click sorts by what one looks for, a second turns it round", () => {
  expect(clicked({ by: "id", down: false }, "context")).toEqual({ by: "context", down: true });
  expect(clicked({ by: "id", down: false }, "input")).toEqual({ by: "input", down: false });
  expect(clicked({ by: "input", down: false }, "input")).toEqual({ by: "input", down: true });
});
