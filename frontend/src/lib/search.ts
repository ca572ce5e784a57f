/** Tells whether every word of the query occurs in one of the fields. */
export function matches(query: string, ...fields: string[]): boolean {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const text = fields.join("\n").toLowerCase();
  return words.every(word => text.includes(word));
}
