import { actions } from "./registry";
import { isShortcut } from "./shortcuts";

const TEXT = "input, textarea, select, [contenteditable]";

/** Runs the action of whatever shortcut is pressed. The function it gives back stops listening. */
export function listenToKeyboard(): () => void {
  const onKey = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing) return;
    const typing = event.target instanceof Element && event.target.closest(TEXT) !== null;
    for (const action of actions) {
      const pressed = action.shortcuts.find(s => isShortcut(s, event));
      if (!pressed || !action.available()) continue;
      // A bare sign is text where text is typed.
      if (typing && pressed.length === 1) continue;
      // Esc closes what lies on top first, which handles it by itself.
      if (pressed === "escape" && somethingOnTop()) continue;
      if (action.run() !== false) event.preventDefault();
      return;
    }
  };
  window.addEventListener("keydown", onKey);
  return () => window.removeEventListener("keydown", onKey);
}

// Closed menus stay in the document, undrawn.
function somethingOnTop(): boolean {
  const layers = document.querySelectorAll("[role=dialog], [role=alertdialog], [role=menu], [role=listbox]");
  return [...layers].some(layer => layer.getClientRects().length > 0);
}
