/**
 * Gives the navigator a language that Intl takes, where it names another: a web view without a locale says "c", and
 * libraries hand on what it says when they are loaded.
 */
export function mendLanguage(navigator: { readonly language: string }) {
  try {
    new Intl.NumberFormat(navigator.language);
  } catch {
    Object.defineProperty(navigator, "language", { value: "en-US", configurable: true });
  }
}
