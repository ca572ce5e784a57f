import { expect, test } from "vitest";
import { markdownBlocks } from "./markdown";

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
