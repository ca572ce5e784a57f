import { expect, test } from "vitest";
import { mendLanguage } from "./language";

test.each([
  ["de-CH", "de-CH"],
  ["c", "en-US"],
  ["", "en-US"],
])("a navigator that says %j", (said, mended) => {
  const navigator = { language: said };
  mendLanguage(navigator);
  expect(navigator.language).toBe(mended);
});
