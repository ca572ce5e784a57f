// What some actions do, beyond one call.
import { api } from "../api";
import { isSet } from "../state/credentials";
import { searchAsked } from "../state/here";
import { models } from "../state/lists";
import { currentRoute, go } from "../state/route";
import { session } from "../state/session";
import { announce } from "../ui/announce";
import { host } from "../ui/host";

/** Asks every provider that there is a credential for whether it accepts it; the page shows what each says. */
export async function testCredentials() {
  go("credentials");
  const { credentials } = await api.call("credentials.list");
  const set = credentials.filter(isSet);
  announce(set.length === 0 ? "There is no credential to test." : `Testing ${set.length} credentials.`);
  const results = await Promise.all(
    set.map(({ provider, name }) => api.call("credentials.test", { provider, name })),
  );
  if (set.length > 0) announce(`${results.filter(r => r.ok).length} of ${set.length} accepted.`);
}

/** Goes to the search of the conversations, leaving the one in view where it is. */
export function searchChats() {
  if (currentRoute().page !== "chat") go("chat");
  searchAsked.set(searchAsked.get() + 1);
}

export async function copyEndpoint() {
  await host.copy(session.get().status?.endpoint.url ?? "");
  announce("Copied the endpoint's address.");
}

/** Whether the active model is a favourite; undefined while that is unknown. */
export function activeIsFavourite(): boolean | undefined {
  const active = session.get().status?.activeModel;
  return models.get().data?.models.find(m => m.id === active)?.favourite;
}

export async function setActiveFavourite(favourite: boolean) {
  const model = session.get().status?.activeModel ?? "";
  await api.call("models.favourite", { model, favourite });
  announce(favourite ? `${model} is a favourite.` : `${model} is no longer a favourite.`);
}
