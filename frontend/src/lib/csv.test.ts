import { expect, test } from "vitest";
import { csv } from "./csv";

test("CSV quotes what needs it, leaves the unknown empty and runs nothing", () => {
  expect(
    csv([
      ["a", 'say "x"', "two\nlines", null, 1.5],
      ["=SUM(A1)", "-1", -1, "1,2", "é"],
    ]),
  ).toBe('a,"say ""x""","two\nlines",,1.5\r\n\'=SUM(A1),\'-1,-1,"1,2",é\r\n');
});
