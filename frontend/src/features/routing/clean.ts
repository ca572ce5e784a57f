/** Takes out what says nothing: undefined, empty texts and lists, false where false is the default, empty objects. */
export function clean<T extends object>(value: T, kept: readonly string[] = []): T {
  const out: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    const said = cleanMember(member);
    if (said !== undefined || kept.includes(name)) out[name] = said ?? member;
  }
  return out as T;
}

function cleanMember(member: unknown): unknown {
  if (member === undefined || member === null || member === "") return undefined;
  if (Array.isArray(member)) return member.length > 0 ? member : undefined;
  if (typeof member === "object") {
    const inner = clean(member);
    return Object.keys(inner).length > 0 ? inner : undefined;
  }
  return member;
}

/** What a number field holds, for settings: nothing where it is empty. */
export const numberOf = (value: string | number): number | undefined =>
  value === "" || Number.isNaN(Number(value)) ? undefined : Number(value);
