import { expect, test } from "vitest";
import type { Credential, Settings } from "../../api";
import { sharesChanges, sharesOf } from "./sharing";

const credential = (provider: string, name: string, source = "keychain") =>
  ({ provider, name, source }) as Credential;
const all = [
  credential("openai", "", "environment"),
  credential("openai", "work"),
  credential("openai", "home"),
  credential("openai", "lost", "none"),
  credential("groq", ""),
];
const saved = {
  credentials: { openai: { order: ["home"], balance: "weighted", named: { home: { weight: 3 }, work: {} } } },
} as unknown as Settings;

test("only providers with several credentials share, in the order in which they are tried", () => {
  const shares = sharesOf(saved, all);
  expect(Object.keys(shares)).toEqual(["openai"]);
  expect(shares.openai?.balance).toBe("weighted");
  expect(shares.openai?.parts.map(p => [p.name, p.weight])).toEqual([
    ["home", 3],
    ["default", undefined],
    ["work", undefined],
  ]);
  expect(sharesChanges(shares, shares)).toEqual([]);
});

test("only what differs is written", () => {
  const before = sharesOf(saved, all);
  const [home, unnamed, work] = before.openai?.parts ?? [];
  if (!home || !unnamed || !work) throw new Error("three credentials are set");
  const after = {
    openai: {
      balance: "in-order" as const,
      parts: [{ ...work, zeroDataRetention: true }, { ...home, weight: undefined }, unnamed],
    },
  };
  expect(sharesChanges(after, before)).toEqual([
    { path: ["credentials", "openai", "named", "work", "zeroDataRetention"], value: true },
    { path: ["credentials", "openai", "named", "home", "weight"], value: null },
    { path: ["credentials", "openai", "order"], value: ["work", "home", "default"] },
    { path: ["credentials", "openai", "balance"], value: null },
  ]);
});
