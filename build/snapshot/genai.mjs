// What @pydantic/genai-prices says, in the catalog's words.
import { pico } from "./money.mjs";

const MILLION = 1e6;
const THOUSAND = 1e3;

// The kinds of token that the catalog has prices for.
const RATES = {
  input_mtok: "input",
  output_mtok: "output",
  cache_read_mtok: "cacheRead",
  cache_write_mtok: "cacheWrite5m",
  cache_write_1h_mtok: "cacheWrite1h",
  output_reasoning_mtok: "reasoning",
  input_audio_mtok: "inputAudio",
  input_image_mtok: "inputImage",
  cache_audio_read_mtok: "cacheReadAudio",
  output_audio_mtok: "outputAudio",
  output_image_mtok: "outputImage",
};
const FEES = { web_searches_kcount: "search", requests_kcount: "request" };

// What else is billed, but only for what usage doesn't tell apart, or requests here can't ask for (a search in files, film
// shown or made as tokens); the rest of the price holds without it.
const ASIDE = new Set([
  "storage_searches_kcount",
  "cache_image_read_mtok",
  "input_video_mtok",
  "output_video_mtok",
]);

export function genaiPrices(provider) {
  return provider.models.map(model => {
    const entry = { id: model.id };
    const also = names(model.match).filter(name => name !== model.id);
    if (also.length > 0) entry.also = [...new Set(also)];
    if (model.name && model.name !== model.id) entry.name = model.name;
    if (model.description) entry.description = sentence(model.description);
    if (model.context_window) entry.context = model.context_window;
    if (model.deprecated || !namesOne(model.id)) entry.old = true;
    const prices = priceList(model.prices);
    if (prices) entry.prices = prices;
    return entry;
  });
}

// namesOne tells an id that names one model from those that stand for several: fine-tuned ones, beginnings, aliases.
function namesOne(id) {
  return !/^(ft:|~)|-$/.test(id);
}

// names gives the names by which a model is known: those that are told whole, and the beginnings, which stand for
// themselves and for the same name with a date behind it. Other patterns are left out: they also fit models that are yet
// to come, at prices that nobody knows.
function names(match) {
  if (match.equals !== undefined) return [match.equals];
  if (match.starts_with !== undefined) return [match.starts_with];
  return match.or ? match.or.flatMap(names) : [];
}

// priceList gives the prices with the days from which and the hours in which each holds; null where one of them can't be
// told exactly.
function priceList(prices) {
  const list = Array.isArray(prices) ? prices : [{ prices }];
  const out = list.map(({ constraint, prices }) => {
    const price = onePrice(prices);
    if (!price) return null;
    if (constraint?.type === "start_date") return { since: constraint.start_date, ...price };
    if (constraint?.type === "time_of_date") {
      return { from: constraint.start_time, to: constraint.end_time, ...price };
    }
    return constraint ? null : price;
  });
  return out.includes(null) ? null : out;
}

function onePrice(prices) {
  const price = {};
  const steps = new Map();
  for (const [key, value] of Object.entries(prices)) {
    if (ASIDE.has(key)) continue;
    const [name, per] = RATES[key] ? [RATES[key], MILLION] : [FEES[key], THOUSAND];
    if (!name) return null;
    const base = pico(value.base ?? value, per);
    if (base === null) return null;
    price[name] = base;
    for (const tier of value.tiers ?? []) {
      const cost = pico(tier.price, per);
      if (cost === null || per !== MILLION) return null;
      const from = tier.start + 1; // theirs holds above its start, ours from it on
      steps.set(from, { ...steps.get(from), [name]: cost });
    }
  }
  if (price.input === undefined) return null;
  if (steps.size > 0) price.long = longSteps(price, steps);
  return price;
}

// longSteps makes each step whole: a kind that a step doesn't name costs what it cost before.
function longSteps(price, steps) {
  let current = Object.fromEntries(Object.entries(price).filter(([name]) => Object.values(RATES).includes(name)));
  return [...steps.keys()]
    .sort((a, b) => a - b)
    .map(from => {
      current = { ...current, ...steps.get(from) };
      return { from, ...current };
    });
}

// sentence gives the beginning of a description.
function sentence(text) {
  const [first] = text.trim().replace(/\s+/g, " ").split(/(?<=[.!?]) (?=[A-Z])/);
  return first.length <= 200 ? first : `${first.slice(0, 199).trimEnd()}…`;
}
