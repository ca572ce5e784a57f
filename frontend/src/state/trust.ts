// What makes numbers of the Usage page worth a second look: prefixes that broke, and what providers say beside what we say.
import { api, type UsageDrift, type UsagePrefixes } from "../api";
import { onEvent } from "./feed";
import { createResource, type Resource } from "./resource";
import { boundsOf, filterOf, scope } from "./scope";

/** Both change rarely, and wait for a while after a request that may have changed them. */
const SETTLE_MS = 3000;

function settled(stale: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return onEvent("usage", record => {
    if (record.outcome === "open" || timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      stale();
    }, SETTLE_MS);
  });
}

/** The broken prefixes of the scope. */
export const prefixes: Resource<UsagePrefixes> = createResource(() => {
  const s = scope.get();
  return api.call("usage.prefixes", { ...boundsOf(s, new Date()), filter: filterOf(s), limit: 0 });
}, [settled, scope.subscribe]);

/** What providers say of their answers in the time of the scope. */
export const drift: Resource<UsageDrift> = createResource(
  () => api.call("usage.drift", boundsOf(scope.get(), new Date())),
  [settled, scope.subscribe],
);
