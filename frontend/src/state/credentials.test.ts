import { expect, test } from "vitest";
import type { Credential } from "../api";
import { balanceText, isSet, sourceText, titleOf } from "./credentials";

const none: Credential = {
  provider: "gateway",
  providerName: "Vercel AI Gateway",
  name: "",
  source: "none",
  variable: "AI_GATEWAY_API_KEY",
  file: "",
  expiresAt: null,
  baseUrl: "",
  keysUrl: "",
  test: null,
  balance: null,
};

test("a token says until when it is good, and when it ended", () => {
  const token: Credential = {
    ...none,
    source: "file",
    file: "/site/.env.local",
    expiresAt: "2099-12-31T12:00:00Z",
  };
  expect(sourceText(token)).toMatchObject({ tone: "good", text: expect.stringContaining("good until") });
  expect(isSet(token)).toBe(true);
  const ended: Credential = { ...token, source: "none" };
  expect(sourceText(ended)).toMatchObject({ tone: "warn", text: expect.stringContaining("ended") });
  expect(isSet(ended)).toBe(false);
});

test("a credential is called by its provider and its name", () => {
  expect(titleOf(none)).toBe("Vercel AI Gateway");
  expect(titleOf({ ...none, name: "team" })).toBe("Vercel AI Gateway (team)");
});

test("a balance says as of when, and that it is not known", () => {
  const now = new Date("2026-11-21T10:03:00Z");
  const balance = { text: "", amounts: [], at: null, ofKey: false, askedAt: null, problem: "" };
  expect(balanceText(none, now)).toBe("");
  expect(balanceText({ ...none, balance }, now)).toBe("Balance not asked yet");
  const at = "2026-11-21T10:00:00Z";
  expect(balanceText({ ...none, balance: { ...balance, askedAt: at, problem: "down" } }, now)).toBe(
    "Balance unknown",
  );
  const known = { ...balance, text: "$12.34", at, askedAt: at };
  expect(balanceText({ ...none, balance: known }, now)).toBe("$12.34 left, asked 3 min ago");
  expect(balanceText({ ...none, balance: { ...known, ofKey: true } }, now)).toBe(
    "$12.34 left of this key's limit, asked 3 min ago",
  );
});
