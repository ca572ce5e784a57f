import { expect, test } from "vitest";
import type { Settings } from "../../api";
import { defaultsChanges, defaultsForm, fallbackKey } from "./defaults";

const saved = {
  gatewayFallback: false,
  credentials: { openai: { named: { default: { gatewayFallback: false }, work: {} } } },
  timeouts: { "*": { firstToken: "30s" } },
  modelDefaults: [{ model: "openai/*", parameters: { temperature: 0 } }],
} as unknown as Settings;

test("what is so already is not written", () => {
  expect(defaultsChanges(defaultsForm(saved), saved)).toEqual([]);
  expect(defaultsChanges(defaultsForm({} as Settings), {} as Settings)).toEqual([]);
});

test("only what differs is written, and what says nothing is taken out", () => {
  const form = defaultsForm(saved);
  expect(
    defaultsChanges(
      {
        gatewayFallback: true,
        fallbacks: { ...form.fallbacks, [fallbackKey("openai", "")]: undefined, "openai/work": false },
        timeouts: { "*": { firstToken: "" }, sim: {} },
        modelDefaults: [...form.modelDefaults, { key: 7, model: "a/b", parameters: { topP: undefined } }],
      },
      saved,
    ),
  ).toEqual([
    { path: ["gatewayFallback"], value: null },
    { path: ["credentials", "openai", "named", "default", "gatewayFallback"], value: null },
    { path: ["credentials", "openai", "named", "work", "gatewayFallback"], value: false },
    { path: ["timeouts"], value: null },
    {
      path: ["modelDefaults"],
      value: [
        { model: "openai/*", parameters: { temperature: 0 } },
        { model: "a/b", parameters: {} },
      ],
    },
  ]);
});
