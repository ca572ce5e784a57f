/** Tells whether every word of the query occurs in one of the fields. */
export function matches(query: string, ...fields: string[]): boolean {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const text = fields.join("\n").toLowerCase();
  return words.every(word => text.includes(word));
}

/** Tells whether the query's letters occur in the text in their order, whatever is between them: "gtu" finds "Go to Usage". */
export function resembles(query: string, text: string): boolean {
  const letters = query.toLowerCase().replaceAll(/\s/g, "");
  let at = 0;
  for (const letter of text.toLowerCase()) if (letter === letters[at]) at++;
  return at === letters.length;
}
