import { expect, test } from "vitest";
import { faultOf } from "./fault";

test("a fault of the program is told with its words, others without", () => {
  const stack = "\n    at Chart (usage.js:1:2)\n    at Overview (usage.js:3:4)\n    at Page\n    at Frame";
  expect(faultOf(new TypeError("undefined is not an object"), stack)).toEqual({
    kind: "TypeError",
    message: "undefined is not an object",
    place: "at Chart (usage.js:1:2) < at Overview (usage.js:3:4) < at Page",
  });
  expect(faultOf(new SyntaxError('Unexpected token in "what was asked"'), null)).toEqual({
    kind: "SyntaxError",
    message: "",
    place: "",
  });
  expect(faultOf("a text", "")).toEqual({ kind: "string", message: "", place: "" });
});
