import { expect, test, vi } from "vitest";
import { BridgeClient, type Injected } from "./bridge";
import type { AnyEvent, Connection } from "./client";

function injected(call: (method: string, params: string) => Promise<string>, chosen = "") {
  let handler: (json: string) => void = () => {};
  const off = vi.fn();
  const runtime = {
    EventsOn: vi.fn((_name: string, fn: (json: string) => void) => {
      handler = fn;
      return off;
    }),
    ClipboardSetText: vi.fn(async (_text: string) => true),
    BrowserOpenURL: vi.fn(),
  };
  const Save = vi.fn(async (_title: string, _name: string) => chosen);
  const Pick = vi.fn(async (_title: string) => chosen);
  const value: Injected = { go: { desktop: { Bridge: { Call: call, Save, Pick } } }, runtime };
  return { value, runtime, off, Save, send: (event: unknown) => handler(JSON.stringify(event)) };
}

test("a call crosses as JSON", async () => {
  const call = vi.fn(async () => '{"model":"sim/echo"}');
  const { value } = injected(call);
  await expect(new BridgeClient(value).call("activeModel.set", { model: "sim/echo" })).resolves.toEqual({
    model: "sim/echo",
  });
  expect(call).toHaveBeenCalledWith("activeModel.set", '{"model":"sim/echo"}');
});

test.each([
  ['{"kind":"not found","message":"no such model"}', { kind: "not found", message: "no such model" }],
  ["something else", { kind: "internal", message: "something else" }],
])("a rejection of %s is told as it is", async (message, failure) => {
  const { value } = injected(async () => {
    throw new Error(message);
  });
  await expect(new BridgeClient(value).call("models.list")).rejects.toMatchObject(failure);
});

test("the feed begins with a snapshot, unless a newer status overtook it", async () => {
  let answer: (text: string) => void = () => {};
  const { value, send, off, runtime } = injected(
    () =>
      new Promise(resolve => {
        answer = resolve;
      }),
  );
  const events: AnyEvent[] = [];
  const states: Connection[] = [];
  const close = new BridgeClient(value).subscribe({
    event: e => events.push(e),
    connection: s => states.push(s),
  });
  expect(runtime.EventsOn).toHaveBeenCalledWith("gatehouse", expect.any(Function));
  send({ seq: 7, type: "status", data: { activeModel: "new" } });
  answer('{"activeModel":"old"}');
  await vi.waitFor(() => expect(states).toEqual(["open"]));
  expect(events).toEqual([{ seq: 7, type: "status", data: { activeModel: "new" } }]);
  close();
  expect(off).toHaveBeenCalled();
});

test("a snapshot that fails is asked for again", async () => {
  vi.useFakeTimers();
  let fails = true;
  const { value } = injected(async () => {
    if (fails) throw new Error("not yet");
    return "{}";
  });
  const states: Connection[] = [];
  new BridgeClient(value).subscribe({ event: () => {}, connection: s => states.push(s) });
  await vi.advanceTimersByTimeAsync(0);
  fails = false;
  await vi.advanceTimersByTimeAsync(1000);
  expect(states).toEqual(["broken", "open"]);
  vi.useRealTimers();
});

test("a clipboard that refuses is an error", async () => {
  const { value, runtime } = injected(async () => "{}");
  runtime.ClipboardSetText.mockResolvedValue(false);
  await expect(new BridgeClient(value).copy("x")).rejects.toThrow("clipboard");
});

const table = {
  format: "parquet",
  by: "model",
  from: null,
  to: null,
  model: "",
  text: "",
} as const;

test("files are written where the user says, by Gatehouse itself", async () => {
  const call = vi.fn(async () => "{}");
  const { value, Save } = injected(call, "/srv/chosen");
  const client = new BridgeClient(value);
  await expect(client.exportTable(table)).resolves.toEqual({ path: "/srv/chosen" });
  expect(Save.mock.calls[0]?.[1]).toMatch(/^gatehouse-by-model-\d{8}-\d{4}\.parquet$/);
  expect(call).toHaveBeenLastCalledWith("usage.export", JSON.stringify({ ...table, path: "/srv/chosen" }));
  await expect(client.backUp()).resolves.toEqual({ path: "/srv/chosen" });
  expect(call).toHaveBeenLastCalledWith("backup.make", '{"path":"/srv/chosen"}');
});

test("a backup is restored from where the user says", async () => {
  const call = vi.fn(async () => '{"requests":3}');
  await expect(new BridgeClient(injected(call, "/srv/chosen").value).restore()).resolves.toBe(3);
  expect(call).toHaveBeenCalledWith("backup.restore", '{"path":"/srv/chosen"}');
});

test("nothing is asked where the user chose no file", async () => {
  const call = vi.fn(async () => "{}");
  const client = new BridgeClient(injected(call).value);
  expect(await client.exportTable(table)).toBeNull();
  expect(await client.backUp()).toBeNull();
  expect(await client.restore()).toBeNull();
  expect(call).not.toHaveBeenCalled();
});
