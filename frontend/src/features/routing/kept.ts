import { useCallback, useState } from "react";

const kept = new Map<string, unknown>();

/** A state that is still there when its form was left without being saved, and is come back to. */
export function useKept<T>(key: string, initial: () => T): [T, (value: T) => void] {
  const [value, setValue] = useState<T>(() => (kept.has(key) ? (kept.get(key) as T) : initial()));
  const set = useCallback(
    (next: T) => {
      kept.set(key, next);
      setValue(next);
    },
    [key],
  );
  return [value, set];
}

/** Drops what a form kept: it was saved, or given up. */
export function forget(form: string) {
  for (const key of [...kept.keys()]) {
    if (key === form || key.startsWith(`${form} `)) kept.delete(key);
  }
}
