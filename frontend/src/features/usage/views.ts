import { go } from "../../state/route";
import { type Dimension, narrow, narrowTo, type Scope } from "../../state/scope";

/** The item of the address that shows the requests. */
export const REQUESTS = "requests";

/** Tells whether an address names a request. */
export function isRequest(item: string): boolean {
  return item.startsWith("req_");
}

/** Shows the requests of a scope. */
export function showRequests(change: Partial<Scope> = {}) {
  narrow(change);
  go("usage", REQUESTS);
}

/** Shows the requests of one name. */
export function showRequestsOf(dimension: Dimension, name: string) {
  narrowTo(dimension, name);
  go("usage", REQUESTS);
}

/** What a group of requests without a name is called. */
export function groupName(name: string): string {
  return name || "none";
}

/** What stands in Go's roll-ups for the names that came after an hour had too many of them. */
export const OTHER = "(other)";
