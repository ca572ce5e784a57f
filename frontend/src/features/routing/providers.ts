import { useMemo } from "react";
import { credentials } from "../../state/lists";
import { useResource } from "../../state/resource";

export interface Choice {
  value: string;
  label: string;
}

/** Every provider, as a choice. */
export function useProviders(): Choice[] {
  const { data } = useResource(credentials);
  return useMemo(() => {
    const names = new Map<string, string>();
    for (const c of data?.credentials ?? []) names.set(c.provider, c.providerName || c.provider);
    return [...names].map(([value, label]) => ({ value, label }));
  }, [data]);
}
