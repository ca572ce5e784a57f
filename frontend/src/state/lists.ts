// The lists that events say to ask for again.
import { api } from "../api";
import { onEvent } from "./feed";
import { createResource } from "./resource";

export const models = createResource(
  () => api.call("models.list"),
  [stale => onEvent("models", stale), stale => onEvent("credentials", stale)],
);

/** Every model that is known, also those that lack a credential. */
export const catalog = createResource(
  () => api.call("models.catalog"),
  [
    stale => onEvent("models", stale),
    stale => onEvent("credentials", stale),
    stale => onEvent("settings", stale),
  ],
);

export const credentials = createResource(
  () => api.call("credentials.list"),
  [stale => onEvent("credentials", stale), stale => onEvent("balances", stale)],
);

// An editor that is connected or taken back gets a key or loses it; one that is installed says nothing.
export const editors = createResource(
  () => api.call("connect.list"),
  [stale => onEvent("keys", stale)],
  true,
);

// A key's rate limits stand with the budgets.
export const keys = createResource(
  () => api.call("keys.list"),
  [stale => onEvent("keys", stale), stale => onEvent("budgets", stale)],
);
