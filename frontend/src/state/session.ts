import type { Connection, Status } from "../api";
import { onConnectionChange, onEvent } from "./feed";
import { createStore, useStore } from "./store";

export interface Session {
  /** "connecting" until the feed first opens. */
  connection: Connection | "connecting";
  /** The last status seen; it is stale while the connection is not open. */
  status: Status | null;
}

export const session = createStore<Session>({ connection: "connecting", status: null });

onConnectionChange(connection => session.set({ ...session.get(), connection }));
onEvent("status", status => session.set({ ...session.get(), status }));

export function useSession(): Session {
  return useStore(session);
}

/** The status, for what is only drawn once there is one. */
export function useStatus(): Status {
  const { status } = useSession();
  if (!status) throw new Error("the status is not known yet");
  return status;
}
