import { expect, test } from "vitest";
import { BlockCutter, markdownBlocks } from "./markdown";

const TEXT =
  "# Title\n\nSome **bold** text.\n\n```go\nfunc main() {}\n\n// still code\n```\n\n- one\n- two\n\nThe end.";

test("a text is cut into its top-level blocks", () => {
  const blocks = markdownBlocks(TEXT, false);
  expect(blocks.map(b => b.source.trim().split("\n")[0])).toEqual([
    "# Title",
    "Some **bold** text.",
    "```go",
    "- one",
    "The end.",
  ]);
  expect(blocks.every(b => b.closed)).toBe(true);
  expect(blocks.map(b => b.source).join("")).toBe(TEXT);
});

test("while a text grows, the blocks before its last stay as they are", () => {
  let before = markdownBlocks("", true);
  for (let end = 1; end <= TEXT.length; end++) {
    const blocks = markdownBlocks(TEXT.slice(0, end), true);
    // What was closed two blocks back can't change any more.
    for (let i = 0; i < before.length - 2; i++) expect(blocks[i]?.source).toBe(before[i]?.source);
    expect(blocks.filter(b => !b.closed).length).toBeLessThanOrEqual(1);
    before = blocks;
  }
});

test("what the last block leaves open is closed only while it grows", () => {
  expect(markdownBlocks("Some **bo", true)[0]?.source).toBe("Some **bo**");
  expect(markdownBlocks("Some **bo", false)[0]?.source).toBe("Some **bo");
  expect(markdownBlocks("See [the docs](https://exa", true)[0]?.source).toBe("See the docs");
});

test("definitions of links are known in every block", () => {
  const blocks = markdownBlocks("See [a].\n\nAnd [a].\n\n[a]: https://example.com\n", false);
  expect(blocks).toHaveLength(2);
  for (const block of blocks) expect(block.source).toContain("[a]: https://example.com");
});

test("a text that goes on is cut as if it came whole, whatever the pieces", () => {
  const parts = [
    "\n\n",
    "# Title\n",
    "Some text\nand more.\n\n",
    "- one\n- two\n\n  still two\n",
    "1. a\n\n\n2. b\n\n",
    "```go\nfunc main() {}\n\n```\n",
    "    indented\n\n    code\n\n",
    "| a | b |\n| - | - |\n| 1 | 2 |\n\n",
    "> quoted\nlazily\n\n",
    "$$\na\n\n- b\n$$\n\n",
    "\\[ x \\]\n",
    "Setext\n===\n",
    "[a]: https://example.com\n\n",
    "See [a] and $x$.\r\n\r\nEnd\n",
    "<b>html</b>\n\n",
    "***\n",
  ];
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return seed % below;
  };
  for (let round = 0; round < 60; round++) {
    const text = Array.from({ length: 14 }, () => parts[random(parts.length)]).join("");
    const cutter = new BlockCutter();
    for (let end = 0; end < text.length; end += 1 + random(9)) {
      const soFar = text.slice(0, end);
      expect(cutter.cut(soFar, true), soFar).toEqual(markdownBlocks(soFar, true));
    }
    expect(cutter.cut(text, false)).toEqual(markdownBlocks(text, false));
  }
});

test("math that stands apart is one block", () => {
  const text = "So\n$$\na\n\n- b\n$$\n\nand\n\n\\[\nx\n\\]\n\nend";
  expect(markdownBlocks(text, false).map(b => b.source.trim())).toEqual([
    "So",
    "$$\na\n\n- b\n$$",
    "and",
    "\\[\nx\n\\]",
    "end",
  ]);
});

test("what a fence holds is known without its source, also while it is open", () => {
  expect(markdownBlocks("```ts x\nlet a;\n\nlet", true)[0]).toMatchObject({
    closed: false,
    code: { language: "ts", text: "let a;\n\nlet" },
  });
  expect(markdownBlocks("    indented", false)[0]?.code).toBeUndefined();
});
