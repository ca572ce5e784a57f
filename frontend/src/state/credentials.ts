import { api, type Credential, type KeychainStatus } from "../api";
import { formatAgo, formatMoment } from "../lib/time";
import type { Tone } from "../ui/Dot";

/** The hosted gateway's id: its credential may take over for the others. */
export const HOSTED = "gateway";

/** Whether there is a credential that requests are sent with. */
export const isSet = ({ source }: Credential) =>
  source === "keychain" || source === "environment" || source === "file";

/** A credential's provider, and its name if it has one. */
export const titleOf = ({ provider, providerName, name }: Credential) =>
  `${providerName || provider}${name ? ` (${name})` : ""}`;

/** Where a credential comes from, in words. */
export function sourceText(credential: Credential): { tone: Tone; text: string } {
  if (credential.expiresAt) {
    const end = formatMoment(credential.expiresAt);
    if (credential.source === "none") return { tone: "warn", text: `Token ended ${end}` };
    return { tone: "good", text: `Token, good until ${end}` };
  }
  switch (credential.source) {
    case "keychain":
      return { tone: "good", text: "In the keychain" };
    case "environment":
      return { tone: "good", text: `From environment (${credential.variable})` };
    case "file":
      return { tone: "good", text: `From a file (${credential.variable})` };
    case "not needed":
      return { tone: "quiet", text: "Not needed" };
    case "none":
      return { tone: "quiet", text: "None" };
  }
}

/** What is left of a credential's account, in words; empty where its provider does not tell. */
export function balanceText({ balance }: Credential, now: Date): string {
  if (!balance) return "";
  if (!balance.at) return balance.askedAt ? "Balance unknown" : "Balance not asked yet";
  const left = `${balance.text} left${balance.ofKey ? " of this key's limit" : ""}`;
  return `${left}, asked ${formatAgo(balance.at, now)}`;
}

export function keychainText(keychain: KeychainStatus): { tone: Tone; text: string } {
  switch (keychain.state) {
    case "ok":
      return { tone: "good", text: "Keychain ready" };
    case "checking":
      return { tone: "busy", text: "Looking for the keychain" };
    case "absent":
      return { tone: "warn", text: "No keychain" };
    case "locked":
      return { tone: "warn", text: "Keychain locked" };
  }
}

/**
 * Stores a secret and asks its provider whether it is accepted. The test's own failure is part of its result.
 * gatewayFallback says whether the hosted gateway may take over, null leaves that as it is.
 */
export async function saveAndTest(
  provider: string,
  name: string,
  secret: string,
  gatewayFallback: boolean | null = null,
): Promise<void> {
  await api.call("credentials.set", { provider, name, secret, gatewayFallback });
  await api.call("credentials.test", { provider, name });
}
