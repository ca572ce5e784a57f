import type { Credential, SettingChange, Settings, SettingsCredentials } from "../../api";
import { isSet } from "../../state/credentials";
import { change } from "../../state/settings";

/** What a credential without a name is called in the settings. */
export const DEFAULT = "default";

/** How one credential of several is used. */
export interface Part {
  name: string;
  weight: number | undefined;
  zeroDataRetention: boolean;
}

/** How a provider's credentials share its requests, in the order in which to try them. */
export interface Share {
  balance: NonNullable<SettingsCredentials["balance"]>;
  parts: Part[];
}

/** By provider; only those with several credentials, since one has nothing to share. */
export type Shares = Record<string, Share>;

export function sharesOf(saved: Settings, all: Credential[]): Shares {
  const names = new Map<string, string[]>();
  for (const c of all) {
    if (isSet(c)) names.set(c.provider, [...(names.get(c.provider) ?? []), c.name || DEFAULT]);
  }
  const out: Shares = {};
  for (const [provider, has] of names) {
    if (has.length < 2) continue;
    const { balance, order, named } = saved.credentials?.[provider] ?? {};
    const place = (name: string) => {
      const at = order?.indexOf(name) ?? -1;
      return at < 0 ? has.length : at;
    };
    out[provider] = {
      balance: balance ?? "in-order",
      parts: has
        .toSorted((a, b) => place(a) - place(b))
        .map(name => ({
          name,
          weight: named?.[name]?.weight,
          zeroDataRetention: named?.[name]?.zeroDataRetention ?? false,
        })),
    };
  }
  return out;
}

/** What has to be written for shares to hold. */
export function sharesChanges(after: Shares, before: Shares): SettingChange[] {
  const changes: SettingChange[] = [];
  for (const [provider, share] of Object.entries(after)) {
    const was = before[provider];
    const at = (...path: string[]) => ["credentials", provider, ...path];
    const order = share.parts.map(part => part.name);
    for (const { name, weight, zeroDataRetention } of share.parts) {
      const old = was?.parts.find(part => part.name === name);
      if (weight !== old?.weight) changes.push(change(at("named", name, "weight"), weight || null));
      if (zeroDataRetention !== (old?.zeroDataRetention ?? false)) {
        changes.push(change(at("named", name, "zeroDataRetention"), zeroDataRetention || null));
      }
    }
    if (order.join() !== was?.parts.map(part => part.name).join()) {
      changes.push(change(at("order"), order));
    }
    if (share.balance !== was?.balance) {
      changes.push(change(at("balance"), share.balance === "in-order" ? null : share.balance));
    }
  }
  return changes;
}
