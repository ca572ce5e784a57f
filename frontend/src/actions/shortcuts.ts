// Shortcuts are written "mod+k", where mod is Ctrl, or Cmd on a Mac.

const mac = /Mac|iPhone|iPad/.test(navigator.platform);

interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

/** Tells whether a key press is a shortcut. */
export function isShortcut(shortcut: string, press: Pressed, onMac = mac): boolean {
  const parts = shortcut.split("+");
  const key = parts[parts.length - 1] ?? "";
  const mod = parts.includes("mod");
  if (press.ctrlKey !== (mod && !onMac) || press.metaKey !== (mod && onMac)) return false;
  if (press.altKey !== parts.includes("alt")) return false;
  // A sign such as ? is typed with Shift on some layouts and without on others.
  if (/^[a-z0-9]$/.test(key) && press.shiftKey !== parts.includes("shift")) return false;
  return press.key.toLowerCase() === key;
}

const NAMES: Record<string, string> = { alt: "Alt", shift: "Shift", escape: "Esc", enter: "Enter" };

/** Spells a shortcut's keys as they are printed on the keyboard. */
export function shortcutKeys(shortcut: string, onMac = mac): string[] {
  return shortcut
    .split("+")
    .map(part => (part === "mod" ? (onMac ? "⌘" : "Ctrl") : (NAMES[part] ?? part.toUpperCase())));
}
