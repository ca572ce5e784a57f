// The one way from the pages to Gatehouse. Only this folder knows that there are two transports.
import { BridgeClient, type Injected } from "./bridge";
import type { Client } from "./client";
import { HttpClient } from "./http";

export type { AnyEvent, Client, Connection, EventType, Method, Written } from "./client";
export type * from "./contract.gen";
export { CallError, SESSION_ENDED, UNREACHABLE } from "./failure";

function connect(): Client {
  const injected = window as unknown as Injected;
  return injected.go?.desktop?.Bridge ? new BridgeClient(injected) : new HttpClient();
}

export const api: Client = connect();
