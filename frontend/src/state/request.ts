import { useEffect, useState } from "react";
import { api, type UsageRecord } from "../api";
import { messageOf } from "../lib/errors";
import { onConnectionChange, onEvent } from "./feed";

export interface OneRequest {
  record: UsageRecord | null;
  error: string;
}

const none: OneRequest = { record: null, error: "" };

/** One request by its id, and what becomes of it. An empty id is none. */
export function useRequest(id: string): OneRequest {
  const [state, setState] = useState(none);
  useEffect(() => {
    setState(none);
    if (!id) return;
    let shown = true;
    const load = async () => {
      try {
        const record = await api.call("usage.get", { id });
        if (shown) setState({ record, error: "" });
      } catch (error) {
        if (shown) setState(now => ({ ...now, error: messageOf(error) }));
      }
    };
    void load();
    const offEvent = onEvent("usage", record => {
      if (record.id === id) setState({ record, error: "" });
    });
    const offConnection = onConnectionChange(connection => {
      if (connection === "open") void load();
    });
    return () => {
      shown = false;
      offEvent();
      offConnection();
    };
  }, [id]);
  return state;
}
