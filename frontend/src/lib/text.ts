/** Joins parts to sentences: each begins with a capital, unless with a model's id, and ends with a full stop. */
export function sentences(...parts: string[]): string {
  return parts
    .map(part => part.trim())
    .filter(Boolean)
    .map(part => (/^[^\s/]+\//.test(part) ? part : part.charAt(0).toUpperCase() + part.slice(1)))
    .map(part => part + (/[.!?…]$/.test(part) ? "" : "."))
    .join(" ");
}
