import { expect, test } from "vitest";
import { PAGES } from "../state/route";
import { actions, pageShortcuts } from "./registry";

test("every page has keys, and no keys do two things", () => {
  expect(PAGES.filter(page => pageShortcuts(page).length === 0)).toEqual([]);
  const keys = actions.flatMap(a => a.shortcuts);
  expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([]);
  const ids = actions.map(a => a.id);
  expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
});
