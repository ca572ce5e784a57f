import { expect, test } from "vitest";
import { sentences } from "./text";

test("parts become sentences", () => {
  expect(sentences("there is no D-Bus", "Set OPENAI_API_KEY.")).toBe(
    "There is no D-Bus. Set OPENAI_API_KEY.",
  );
  expect(sentences("", " why? ")).toBe("Why?");
  expect(sentences("sim/down failed", "and/or")).toBe("sim/down failed. and/or.");
});
