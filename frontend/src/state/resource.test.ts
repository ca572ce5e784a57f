import { expect, test, vi } from "vitest";
import { createResource } from "./resource";

function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

test("nothing is asked for until it is in view", async () => {
  const load = vi.fn(async () => 1);
  const resource = createResource(load);
  expect(load).not.toHaveBeenCalled();
  resource.watch();
  await vi.waitFor(() => expect(resource.get()).toEqual({ data: 1, error: "", loading: false }));
});

test("what goes stale while it is asked for is asked for once more, not for every event", async () => {
  const answers = [deferred<number>(), deferred<number>()];
  let asked = 0;
  let stale = () => {};
  const resource = createResource(
    () => answers[asked++]?.promise ?? Promise.reject(new Error("asked too often")),
    [
      fn => {
        stale = fn;
        return () => {};
      },
    ],
  );
  resource.watch();
  stale();
  stale();
  stale();
  answers[0]?.resolve(1);
  answers[1]?.resolve(2);
  await vi.waitFor(() => expect(resource.get()).toEqual({ data: 2, error: "", loading: false }));
  expect(asked).toBe(2);
});

test("a failure keeps what was known", async () => {
  let fails = false;
  const resource = createResource(async () => {
    if (fails) throw new Error("gone");
    return 1;
  });
  resource.watch();
  await vi.waitFor(() => expect(resource.get().data).toBe(1));
  fails = true;
  await resource.reload();
  expect(resource.get()).toEqual({ data: 1, error: "gone", loading: false });
});

test("out of view nothing is asked for; back in view what is stale is", async () => {
  let stale = () => {};
  const load = vi.fn(async () => 1);
  const resource = createResource(load, [
    fn => {
      stale = fn;
      return () => {};
    },
  ]);
  const leave = resource.watch();
  await vi.waitFor(() => expect(resource.get().data).toBe(1));
  leave();
  stale();
  expect(load).toHaveBeenCalledTimes(1);
  resource.watch();
  await vi.waitFor(() => expect(load).toHaveBeenCalledTimes(2));
});

test("what changes silently is asked for by every view that comes", async () => {
  const load = vi.fn(async () => 1);
  const resource = createResource(load, [], true);
  resource.watch()();
  await vi.waitFor(() => expect(resource.get().data).toBe(1));
  resource.watch();
  await vi.waitFor(() => expect(load).toHaveBeenCalledTimes(2));
});
