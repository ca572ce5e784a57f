import { expect, test } from "vitest";
import { safeImage, safeLink } from "./links";

test.each([
  ["https://example.com/a?b=1#c", "https://example.com/a?b=1#c"],
  ["http://example.com", "http://example.com/"],
  ["mailto:ada@example.com", "mailto:ada@example.com"],
  ["HTTPS://EXAMPLE.com", "https://example.com/"],
  ["javascript:alert(1)", ""],
  ["JaVaScRiPt:alert(1)", ""],
  [" javascript:alert(1)", ""],
  ["java\nscript:alert(1)", ""],
  ["data:text/html,<script>alert(1)</script>", ""],
  ["vbscript:x", ""],
  ["file:///etc/passwd", ""],
  ["wails://wails/", ""],
  ["//example.com", ""],
  ["/relative", ""],
  ["#/keys", ""],
  ["", ""],
  [null, ""],
  [undefined, ""],
])("a link to %j becomes %j", (address, safe) => {
  expect(safeLink(address)).toBe(safe);
});

test("images are only taken from the text itself", () => {
  expect(safeImage("data:image/png;base64,AAAA")).toBe("data:image/png;base64,AAAA");
  for (const address of [
    "https://example.com/a.png",
    "data:image/svg+xml;base64,AAAA",
    "data:text/html,x",
    "",
    null,
  ]) {
    expect(safeImage(address)).toBe("");
  }
});
