import { expect, test } from "vitest";
import { curlLine, freeName } from "./clients";

test("a key's name is free", () => {
  expect(freeName("cline", [])).toBe("cline");
  expect(freeName("cline", ["cline", "cline-2"])).toBe("cline-3");
});

test("the curl line is one command that a shell takes as it is", () => {
  const line = curlLine("http://127.0.0.1:4283", "KEY", "gatehouse/active");
  expect(line).toContain("http://127.0.0.1:4283/v1/chat/completions");
  expect(line).toContain("Bearer KEY");
  const body = /-d '([^']*)'/.exec(line)?.[1] ?? "";
  expect(JSON.parse(body)).toMatchObject({ model: "gatehouse/active", stream: true });
});
