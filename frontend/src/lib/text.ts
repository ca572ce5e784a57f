/** Joins parts to sentences: each begins with a capital and ends with a full stop. */
export function sentences(...parts: string[]): string {
  return parts
    .map(part => part.trim())
    .filter(Boolean)
    .map(part => part.charAt(0).toUpperCase() + part.slice(1) + (/[.!?…]$/.test(part) ? "" : "."))
    .join(" ");
}
