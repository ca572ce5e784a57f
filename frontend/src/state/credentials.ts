import { api, type Credential, type KeychainStatus } from "../api";
import type { Tone } from "../ui/Dot";

/** Where a credential comes from, in words. */
export function sourceText(credential: Credential): { tone: Tone; text: string } {
  switch (credential.source) {
    case "keychain":
      return { tone: "good", text: "In the keychain" };
    case "environment":
      return { tone: "good", text: `From environment (${credential.variable})` };
    case "not needed":
      return { tone: "quiet", text: "Not needed" };
    case "none":
      return { tone: "quiet", text: "None" };
  }
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

/** Stores a secret and asks its provider whether it is accepted. The test's own failure is part of its result. */
export async function saveAndTest(provider: string, secret: string): Promise<void> {
  await api.call("credentials.set", { provider, secret });
  await api.call("credentials.test", { provider });
}
