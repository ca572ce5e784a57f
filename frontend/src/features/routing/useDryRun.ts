import { useEffect, useState } from "react";
import { api, type Route, type RouteQuery } from "../../api";
import { messageOf } from "../../lib/errors";
import { onEvent } from "../../state/feed";

const PAUSE_MS = 200;

/** Asks what would be tried, while the question is typed and whenever the answer may be another. Null asks nothing. */
export function useDryRun(query: RouteQuery | null): { route: Route | null; error: string; again(): void } {
  const key = query ? JSON.stringify(query) : "";
  const [round, setRound] = useState(0);
  const [answer, setAnswer] = useState<{ route: Route | null; error: string }>({ route: null, error: "" });
  const again = () => setRound(n => n + 1);
  useEffect(() => {
    const more = () => setRound(n => n + 1);
    const ends = [onEvent("settings", more), onEvent("health", more), onEvent("models", more)];
    return () => {
      for (const end of ends) end();
    };
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another round asks the same again
  useEffect(() => {
    if (!key) {
      setAnswer({ route: null, error: "" });
      return;
    }
    let current = true;
    const timer = setTimeout(async () => {
      try {
        const route = await api.call("route.explain", JSON.parse(key) as RouteQuery);
        if (current) setAnswer({ route, error: "" });
      } catch (error) {
        if (current) setAnswer({ route: null, error: messageOf(error) });
      }
    }, PAUSE_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [key, round]);
  return { ...answer, again };
}
