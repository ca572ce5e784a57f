import { messageOf } from "../lib/errors";
import {
  type AnyEvent,
  type Args,
  type Client,
  type Handlers,
  type Method,
  proposedName,
  type Written,
} from "./client";
import type { Calls, UsageExport } from "./contract.gen";
import { CallError, parseFailure } from "./failure";

/** The object that the window binds. Its dialogs give an empty path where the user chose none. */
interface Bridge {
  Call(method: string, params: string): Promise<string>;
  Save(title: string, name: string): Promise<string>;
  Pick(title: string): Promise<string>;
}

/** What the window injects into its page. */
export interface Injected {
  go?: { desktop?: { Bridge?: Bridge } };
  runtime?: {
    EventsOn(name: string, handler: (json: string) => void): () => void;
    ClipboardSetText(text: string): Promise<boolean>;
    BrowserOpenURL(address: string): void;
  };
}

const EVENT = "gatehouse";
const RETRY_MS = 1000;

/** The window's transport: one bound function for calls, one event for the feed. */
export class BridgeClient implements Client {
  readonly kind = "window";

  constructor(private readonly injected: Injected) {}

  async call<M extends Method>(method: M, ...args: Args<M>): Promise<Calls[M]["result"]> {
    const params = JSON.stringify(args[0] ?? {});
    return JSON.parse(await this.ask(bridge => bridge.Call(method, params))) as Calls[M]["result"];
  }

  private async ask(what: (bridge: Bridge) => Promise<string>): Promise<string> {
    const bridge = this.injected.go?.desktop?.Bridge;
    if (!bridge) throw new CallError({ kind: "internal", message: "The window has lost its connection." });
    try {
      return await what(bridge);
    } catch (error) {
      const message = messageOf(error);
      throw new CallError(parseFailure(message) ?? { kind: "internal", message });
    }
  }

  subscribe(handlers: Handlers): () => void {
    let closed = false;
    let statusSeen = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const off = this.injected.runtime?.EventsOn(EVENT, json => {
      const event = JSON.parse(json) as AnyEvent;
      statusSeen ||= event.type === "status";
      handlers.event(event);
    });
    // The feed sends only changes from now on; the snapshot before them is asked for.
    const start = async () => {
      try {
        const status = await this.call("status.get");
        if (closed) return;
        handlers.connection("open");
        // A status that came meanwhile is the newer one.
        if (!statusSeen) handlers.event({ seq: 0, type: "status", data: status });
      } catch {
        if (closed) return;
        handlers.connection("broken");
        timer = setTimeout(start, RETRY_MS);
      }
    };
    void start();
    return () => {
      closed = true;
      clearTimeout(timer);
      off?.();
    };
  }

  async copy(text: string): Promise<void> {
    // WebKitGTK gives its pages no clipboard outside https.
    if (!(await this.injected.runtime?.ClipboardSetText(text)))
      throw new Error("The clipboard can't be reached.");
  }

  open(address: string): void {
    this.injected.runtime?.BrowserOpenURL(address);
  }

  async exportTable(query: Omit<UsageExport, "path">): Promise<Written> {
    const name = proposedName(query.by ? `by-${query.by}` : "requests", query.format, new Date());
    const path = await this.ask(bridge => bridge.Save("Export", name));
    if (!path) return null;
    await this.call("usage.export", { ...query, path });
    return { path };
  }

  async backUp(): Promise<Written> {
    const name = proposedName("backup", "db", new Date());
    const path = await this.ask(bridge => bridge.Save("Back up", name));
    if (!path) return null;
    await this.call("backup.make", { path });
    return { path };
  }

  async restore(): Promise<number | null> {
    const path = await this.ask(bridge => bridge.Pick("Restore from a backup"));
    if (!path) return null;
    return (await this.call("backup.restore", { path })).requests;
  }
}
