import { describe, expect, test } from "vitest";
import { withMath } from "./math";

describe("math is found in every spelling", () => {
  test.each([
    ["the sum $a+b$ is", "the sum $$a+b$$ is"],
    ["$x$", "$$x$$"],
    ["a set $\\{1\\}$.", "a set $$\\{1\\}$$."],
    ["so \\(a \\le b\\) holds", "so $$a \\le b$$ holds"],
    ["so \\[a\\] holds", "so $$a$$ holds"],
    ["\\[\n  a = b\n\\]", "$$\na = b\n$$"],
    ["$$E = mc^2$$", "$$\nE = mc^2\n$$"],
    ["  \\[ x \\]", "  $$\n  x\n  $$"],
    ["$$\na\n$$", "$$\na\n$$"],
    ["($p$, $q$)", "($$p$$, $$q$$)"],
  ])("%j", (text, spelled) => {
    expect(withMath(text)).toEqual({ text: spelled, math: true });
  });
});

describe("what is no math stays", () => {
  test.each([
    "It costs $5 and then $10.",
    "between $5-$10 or $5/$6",
    "$20,000 (or $25k)",
    "US$5 and A$6",
    "export $HOME and $PATH, $HOME/$USER",
    "`$x$` and ``\\(a\\)``",
    "```sh\necho $a$\n```",
    "a \\$5\\$ sign",
    "[link](a) and \\* star",
    "",
  ])("%j", text => {
    expect(withMath(text)).toEqual({ text, math: false });
  });
});
