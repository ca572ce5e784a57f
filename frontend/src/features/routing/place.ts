import { go } from "../../state/route";

/** What of a section is shown: its list, an empty form, or the form of one of its members. */
export type Place = { kind: "list" } | { kind: "new" } | { kind: "edit"; name: string };

/** Reads what follows the section in the address; a name may hold slashes. */
export function placeOf(rest: string[]): Place {
  const [verb, ...name] = rest;
  if (verb === "new") return { kind: "new" };
  if (verb === "edit" && name.length > 0) return { kind: "edit", name: name.join("/") };
  return { kind: "list" };
}

export const openList = (section: string) => go("routing", section);
export const openNew = (section: string) => go("routing", `${section}/new`);
export const openEdit = (section: string, name: string) => go("routing", `${section}/edit/${name}`);
