import { expect, test } from "vitest";
import { isShortcut, shortcutKeys } from "./shortcuts";

const press = (key: string, held: string[] = []) => ({
  key,
  ctrlKey: held.includes("ctrl"),
  metaKey: held.includes("meta"),
  altKey: held.includes("alt"),
  shiftKey: held.includes("shift"),
});

test.each([
  ["mod+k", press("k", ["ctrl"]), false, true],
  ["mod+k", press("K", ["ctrl", "shift"]), false, false],
  ["mod+k", press("k"), false, false],
  ["mod+k", press("k", ["ctrl", "alt"]), false, false],
  ["mod+k", press("k", ["meta"]), true, true],
  ["mod+k", press("k", ["ctrl"]), true, false],
  ["alt+n", press("n", ["alt"]), false, true],
  ["?", press("?", ["shift"]), false, true],
  ["?", press("?"), false, true],
  ["?", press("?", ["ctrl"]), false, false],
  ["escape", press("Escape"), false, true],
])("%s and %j on a Mac: %s", (shortcut, pressed, onMac, is) => {
  expect(isShortcut(shortcut, pressed, onMac)).toBe(is);
});

test("keys are spelled as they are printed", () => {
  expect(shortcutKeys("mod+k", false)).toEqual(["Ctrl", "K"]);
  expect(shortcutKeys("mod+k", true)).toEqual(["⌘", "K"]);
  expect(shortcutKeys("escape", false)).toEqual(["Esc"]);
});
