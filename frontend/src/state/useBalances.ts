import { useEffect } from "react";
import { api, type CredentialList } from "../api";

/**
 * Has the providers asked what is left that were not asked for a while, and each that got a credential since. The list changes
 * with their answers, and says why one does not tell.
 */
export function useBalances(list: CredentialList | null) {
  const telling = list?.credentials.some(c => c.balance) ?? false;
  const fresh = list?.credentials.some(c => c.balance && !c.balance.askedAt) ?? false;
  useEffect(() => {
    if (telling || fresh) api.call("credentials.balances").catch(() => undefined);
  }, [telling, fresh]);
}
