import { expect, test } from "vitest";
import { formatBytes, formatCount, formatSize, plural } from "./numbers";

test.each([
  [null, "unknown"],
  [0, "0"],
  [1234567, "1,234,567"],
])("%s tokens are %s", (n, text) => {
  expect(formatCount(n)).toBe(text);
});

test.each([
  [null, "unknown"],
  [512, "512"],
  [1000, "1K"],
  [8192, "8.2K"],
  [128_000, "128K"],
  [200_000, "200K"],
  [999_999, "1M"],
  [1_048_576, "1.05M"],
  [2_000_000, "2M"],
])("a size of %s is %s", (n, text) => {
  expect(formatSize(n)).toBe(text);
});

test("plurals", () => {
  expect(plural(1, "model")).toBe("1 model");
  expect(plural(0, "model")).toBe("0 models");
  expect(plural(2, "entry", "entries")).toBe("2 entries");
});

test.each([
  [340, "340 B"],
  [2400, "2.4 kB"],
  [999_960, "1 MB"],
  [256 << 20, "268.4 MB"],
  [2_000_000_000, "2 GB"],
])("%s bytes are %s", (n, text) => {
  expect(formatBytes(n)).toBe(text);
});
