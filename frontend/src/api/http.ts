import type { AnyEvent, Args, Client, Connection, Handlers, Method, Written } from "./client";
import type { Calls, UsageExport } from "./contract.gen";
import { CallError, parseFailure, SESSION_ENDED, UNREACHABLE } from "./failure";

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5000;

const unreachable = () =>
  new CallError({ kind: UNREACHABLE, message: "Gatehouse does not answer. Is it still running?" });

/** The browser's transport: calls are POST requests, events an event stream, the session a cookie. */
export class HttpClient implements Client {
  readonly kind = "browser";
  private ended = false;
  private readonly onEnded = new Set<() => void>();

  async call<M extends Method>(method: M, ...args: Args<M>): Promise<Calls[M]["result"]> {
    return this.result<Calls[M]["result"]>(method, await this.post(method, args[0] ?? {}));
  }

  private async result<R>(method: string, response: Response): Promise<R> {
    const text = await response.text().catch(() => {
      throw unreachable();
    });
    if (response.ok) {
      try {
        return JSON.parse(text) as R;
      } catch {
        throw new CallError({ kind: "internal", message: `Gatehouse's answer to ${method} can't be read.` });
      }
    }
    // A call can fail with 401 of its own (a refused credential); only a refused status.get means that the session is
    // over.
    if (response.status === 401 && (method === "status.get" || (await this.sessionRefused()))) this.end();
    if (this.ended) throw new CallError({ kind: SESSION_ENDED, message: "This session has ended." });
    throw new CallError(
      parseFailure(text) ?? {
        kind: "internal",
        message: `${method} failed with HTTP status ${response.status}.`,
      },
    );
  }

  subscribe(handlers: Handlers): () => void {
    const feed = new Feed(handlers, () => this.sessionRefused());
    const end = () => feed.end();
    this.onEnded.add(end);
    feed.connect();
    return () => {
      this.onEnded.delete(end);
      feed.close();
    };
  }

  async copy(text: string): Promise<void> {
    await navigator.clipboard.writeText(text);
  }

  open(address: string): void {
    window.open(address, "_blank", "noopener,noreferrer");
  }

  async exportTable(query: Omit<UsageExport, "path">): Promise<Written> {
    download(`/api/usage.export?query=${encodeURIComponent(JSON.stringify({ ...query, path: "" }))}`);
    return "downloads";
  }

  async backUp(): Promise<Written> {
    download("/api/backup.download");
    return "downloads";
  }

  async restore(file: File | null): Promise<number | null> {
    if (!file) return null;
    const response = await this.send("backup.upload", "application/octet-stream", file);
    return (await this.result<Calls["backup.restore"]["result"]>("backup.upload", response)).requests;
  }

  private post(method: string, params: object): Promise<Response> {
    return this.send(method, "application/json", JSON.stringify(params));
  }

  private async send(name: string, type: string, body: string | File): Promise<Response> {
    try {
      return await fetch(`/api/${name}`, {
        method: "POST",
        headers: { "Content-Type": type },
        body,
        credentials: "same-origin",
      });
    } catch {
      throw unreachable();
    }
  }

  private async sessionRefused(): Promise<boolean> {
    try {
      return (await this.post("status.get", {})).status === 401;
    } catch {
      return false;
    }
  }

  private end() {
    this.ended = true;
    for (const fn of this.onEnded) fn();
  }
}

/** One event stream that reconnects until it is closed or its session is over. */
class Feed {
  private source: EventSource | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private wait = FIRST_WAIT_MS;
  private closed = false;

  constructor(
    private readonly handlers: Handlers,
    private readonly sessionRefused: () => Promise<boolean>,
  ) {}

  connect() {
    const source = new EventSource("/api/events");
    this.source = source;
    source.onopen = () => {
      this.wait = FIRST_WAIT_MS;
      this.tell("open");
    };
    source.onmessage = message => {
      let event: AnyEvent;
      try {
        event = JSON.parse(message.data as string) as AnyEvent;
      } catch {
        // A line that can't be read means that something was missed: start over from a snapshot.
        this.lost(source);
        return;
      }
      this.handlers.event(event);
    };
    source.onerror = () => this.lost(source);
  }

  // The browser's own retry is not used: it gives up on any answer but 200, and doesn't say why.
  private lost(source: EventSource) {
    source.close();
    if (this.closed || source !== this.source) return;
    this.source = null;
    this.tell("broken");
    this.timer = setTimeout(async () => {
      if (await this.sessionRefused()) this.end();
      else if (!this.closed) this.connect();
    }, this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT_MS);
  }

  end() {
    this.tell("ended");
    this.close();
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  private tell(state: Connection) {
    if (!this.closed) this.handlers.connection(state);
  }
}

// The browser writes the file and shows how far it is.
function download(address: string) {
  const link = document.createElement("a");
  link.href = address;
  link.download = "";
  link.click();
}
