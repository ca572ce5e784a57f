import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { AnyEvent, Connection } from "./client";
import { CallError, SESSION_ENDED, UNREACHABLE } from "./failure";
import { HttpClient } from "./http";

const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });

/** The part of EventSource that the client uses, driven by the test. */
class FakeEventSource {
  static all: FakeEventSource[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  closed = false;
  constructor(readonly url: string) {
    FakeEventSource.all.push(this);
  }
  close() {
    this.closed = true;
  }
  send(event: unknown) {
    this.onmessage?.({ data: JSON.stringify(event) });
  }
}

const latest = () => FakeEventSource.all.at(-1) as FakeEventSource;
let fetched: ReturnType<typeof vi.fn<typeof fetch>>;

beforeEach(() => {
  FakeEventSource.all = [];
  fetched = vi.fn<typeof fetch>();
  vi.stubGlobal("fetch", fetched);
  vi.stubGlobal("EventSource", FakeEventSource);
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a backup is sent as the file that it is, and its failure told", async () => {
  fetched.mockResolvedValueOnce(json({ requests: 2 }));
  const file = new File(["bytes"], "gatehouse.db");
  await expect(new HttpClient().restore(file)).resolves.toBe(2);
  const [url, init] = fetched.mock.calls[0] ?? [];
  expect(url).toBe("/api/backup.upload");
  expect(init?.body).toBe(file);
  expect(new Headers(init?.headers).get("content-type")).toBe("application/octet-stream");
  fetched.mockResolvedValueOnce(json({ kind: "bad request", message: "it is none" }, 400));
  await expect(new HttpClient().restore(file)).rejects.toMatchObject({ message: "it is none" });
  expect(await new HttpClient().restore(null)).toBeNull();
});

describe("calls", () => {
  test("post JSON to their name and give back the result", async () => {
    fetched.mockResolvedValue(json({ model: "sim/echo" }));
    await expect(new HttpClient().call("activeModel.set", { model: "sim/echo" })).resolves.toEqual({
      model: "sim/echo",
    });
    const [url, init] = fetched.mock.calls[0] ?? [];
    expect(url).toBe("/api/activeModel.set");
    expect(init?.method).toBe("POST");
    expect(init?.body).toBe('{"model":"sim/echo"}');
    expect(new Headers(init?.headers).get("content-type")).toBe("application/json");
  });

  test("without parameters send an empty object", async () => {
    fetched.mockResolvedValue(json({}));
    await new HttpClient().call("endpoint.pause");
    expect(fetched.mock.calls[0]?.[1]?.body).toBe("{}");
  });

  test.each([
    [
      "their own failure",
      () => json({ kind: "not found", message: "there is no model x" }, 404),
      "not found",
      "there is no model x",
    ],
    [
      "another body",
      () => new Response("<html>", { status: 502 }),
      "internal",
      "keys.list failed with HTTP status 502.",
    ],
    [
      "a result that is no JSON",
      () => new Response("<html>"),
      "internal",
      "Gatehouse's answer to keys.list can't be read.",
    ],
  ])("fail with %s", async (_name, response, kind, message) => {
    fetched.mockResolvedValue(response());
    const error = await new HttpClient().call("keys.list").catch((e: unknown) => e);
    expect(error).toBeInstanceOf(CallError);
    expect(error).toMatchObject({ kind, message });
  });

  test("that reach nobody say so", async () => {
    fetched.mockRejectedValue(new TypeError("Failed to fetch"));
    await expect(new HttpClient().call("keys.list")).rejects.toMatchObject({ kind: UNREACHABLE });
  });

  test("refused by a provider don't end the session", async () => {
    const client = new HttpClient();
    const states: Connection[] = [];
    client.subscribe({ event: () => {}, connection: s => states.push(s) });
    fetched.mockImplementation(async url =>
      url === "/api/status.get" ? json({}) : json({ kind: "auth", message: "OpenAI refused the key" }, 401),
    );
    await expect(client.call("credentials.test", { provider: "openai", name: "" })).rejects.toMatchObject({
      kind: "auth",
    });
    expect(states).toEqual([]);
  });

  test("refused by Gatehouse end the session, once and for all", async () => {
    const client = new HttpClient();
    const states: Connection[] = [];
    client.subscribe({ event: () => {}, connection: s => states.push(s) });
    fetched.mockImplementation(async () => json({ kind: "auth", message: "no session" }, 401));
    await expect(client.call("keys.list")).rejects.toMatchObject({ kind: SESSION_ENDED });
    expect(states).toEqual(["ended"]);
    expect(latest().closed).toBe(true);
  });
});

describe("events", () => {
  function subscribed() {
    const states: Connection[] = [];
    const events: AnyEvent[] = [];
    const close = new HttpClient().subscribe({ event: e => events.push(e), connection: s => states.push(s) });
    return { states, events, close };
  }

  test("are handed on in order", () => {
    const { states, events } = subscribed();
    expect(latest().url).toBe("/api/events");
    latest().onopen?.();
    latest().send({ seq: 1, type: "models", data: {} });
    latest().send({ seq: 2, type: "keys", data: {} });
    expect(states).toEqual(["open"]);
    expect(events.map(e => e.type)).toEqual(["models", "keys"]);
  });

  test("reconnect when they break, with ever longer waits up to a limit", async () => {
    fetched.mockRejectedValue(new TypeError("refused"));
    const { states } = subscribed();
    latest().onopen?.();
    const waits: number[] = [];
    for (let i = 0; i < 7; i++) {
      const count = FakeEventSource.all.length;
      latest().onerror?.();
      let waited = 0;
      while (FakeEventSource.all.length === count) {
        await vi.advanceTimersByTimeAsync(50);
        waited += 50;
      }
      waits.push(waited);
    }
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000]);
    latest().onopen?.();
    expect(states).toEqual(["open", ...Array(7).fill("broken"), "open"]);
    // Once open, the next break is waited for shortly again.
    latest().onerror?.();
    const count = FakeEventSource.all.length;
    await vi.advanceTimersByTimeAsync(250);
    expect(FakeEventSource.all.length).toBe(count + 1);
  });

  test("end when the session is over", async () => {
    fetched.mockImplementation(async () => json({ kind: "auth", message: "no session" }, 401));
    const { states } = subscribed();
    latest().onerror?.();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(states).toEqual(["broken", "ended"]);
    expect(FakeEventSource.all).toHaveLength(1);
  });

  test("start over from a snapshot after a line that can't be read", async () => {
    fetched.mockImplementation(async () => json({}));
    const { states } = subscribed();
    latest().onopen?.();
    latest().onmessage?.({ data: "{" });
    expect(states).toEqual(["open", "broken"]);
    await vi.advanceTimersByTimeAsync(250);
    expect(FakeEventSource.all).toHaveLength(2);
  });

  test("stop when they are no longer wanted", async () => {
    fetched.mockImplementation(async () => json({}));
    const { states, close } = subscribed();
    const source = latest();
    source.onerror?.();
    close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(FakeEventSource.all).toHaveLength(1);
    expect(states).toEqual(["broken"]);
  });
});
