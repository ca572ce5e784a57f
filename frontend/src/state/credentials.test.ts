import { expect, test } from "vitest";
import type { Credential } from "../api";
import { isSet, sourceText, titleOf } from "./credentials";

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
