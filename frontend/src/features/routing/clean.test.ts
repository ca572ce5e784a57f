import { expect, test } from "vitest";
import { clean, numberOf } from "./clean";

test("what says nothing is taken out", () => {
  expect(
    clean({
      model: "a/b",
      empty: "",
      none: undefined,
      list: [],
      zero: 0,
      no: false,
      options: { order: [], sort: undefined },
      parameters: { temperature: 0 },
    }),
  ).toEqual({ model: "a/b", zero: 0, no: false, parameters: { temperature: 0 } });
  expect(clean({ id: "", deny: true }, ["id"])).toEqual({ id: "", deny: true });
});

test("an empty number field is no number", () => {
  expect([numberOf(""), numberOf("1.5"), numberOf(0), numberOf("-")]).toEqual([undefined, 1.5, 0, undefined]);
});
