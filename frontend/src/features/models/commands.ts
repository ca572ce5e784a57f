import { api, type CatalogEntry } from "../../api";
import { go, replaceRoute } from "../../state/route";
import { announce } from "../../ui/announce";
import { attempt } from "../../ui/notify";

export function makeActive(model: CatalogEntry): Promise<boolean> {
  return attempt("Changing the active model failed", () => api.call("activeModel.set", { model: model.id }));
}

export async function setFavourite(model: CatalogEntry, favourite: boolean) {
  const done = await attempt("Changing the favourites failed", () =>
    api.call("models.favourite", { model: model.id, favourite }),
  );
  if (done) announce(favourite ? `${model.id} is a favourite.` : `${model.id} is no longer a favourite.`);
}

/** Where a model's own view is: its ID alone may be several providers'. */
export function show(model: { id: string; provider: string }) {
  go("models", `${model.provider}:${model.id}`);
}

export function hide() {
  replaceRoute("models");
}

/** What an address of show names; null for none. */
export function shownBy(item: string): { id: string; provider: string } | null {
  const at = item.indexOf(":");
  return at < 0 ? null : { provider: item.slice(0, at), id: item.slice(at + 1) };
}
