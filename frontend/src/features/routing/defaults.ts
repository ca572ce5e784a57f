import type { SettingChange, Settings, SettingsModelDefault, SettingsTimeouts } from "../../api";
import { change } from "../../state/settings";
import { clean } from "./clean";
import { DEFAULT } from "./sharing";

/** What the form of the defaults holds. */
export interface DefaultsForm {
  gatewayFallback: boolean;
  /** By fallbackKey; one that says nothing is left as usual. */
  fallbacks: Record<string, boolean | undefined>;
  timeouts: Record<string, SettingsTimeouts>;
  modelDefaults: (SettingsModelDefault & { key: number })[];
}

/** Names a credential among all. Neither part can hold a slash. */
export const fallbackKey = (provider: string, name: string) => `${provider}/${name || DEFAULT}`;

export function defaultsForm(saved: Settings): DefaultsForm {
  const fallbacks: DefaultsForm["fallbacks"] = {};
  for (const [provider, { named }] of Object.entries(saved.credentials ?? {})) {
    for (const [name, credential] of Object.entries(named ?? {})) {
      fallbacks[fallbackKey(provider, name)] = credential.gatewayFallback;
    }
  }
  return {
    gatewayFallback: saved.gatewayFallback ?? true,
    fallbacks,
    timeouts: saved.timeouts ?? {},
    modelDefaults: (saved.modelDefaults ?? []).map((d, key) => ({ key, ...d })),
  };
}

/** What has to be written for a form to hold: nothing of what is so already. */
export function defaultsChanges(form: DefaultsForm, saved: Settings): SettingChange[] {
  const before = defaultsForm(saved);
  const changes: SettingChange[] = [];
  if (form.gatewayFallback !== before.gatewayFallback) {
    changes.push(change(["gatewayFallback"], form.gatewayFallback ? null : false));
  }
  for (const [key, value] of Object.entries(form.fallbacks)) {
    if (value === before.fallbacks[key]) continue;
    const [provider = "", name = ""] = key.split("/");
    changes.push(change(["credentials", provider, "named", name, "gatewayFallback"], value ?? null));
  }
  const timeouts = clean(form.timeouts);
  if (!same(timeouts, clean(before.timeouts))) {
    changes.push(change(["timeouts"], Object.keys(timeouts).length > 0 ? timeouts : null));
  }
  const models = written(form);
  if (!same(models, written(before))) {
    changes.push(change(["modelDefaults"], models.length > 0 ? models : null));
  }
  return changes;
}

const written = ({ modelDefaults }: DefaultsForm) =>
  modelDefaults.map(({ model, parameters }) => ({ model, parameters: clean(parameters) }));

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
