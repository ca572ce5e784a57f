import { lexer } from "marked";
import remend from "remend";

/** One top-level block of a Markdown text; its index is its identity while the text only grows. */
export interface Block {
  source: string;
  /** False while the block may still grow. */
  closed: boolean;
}

/**
 * Cuts a Markdown text into its top-level blocks, so that a growing text redraws only its last one. While the text
 * grows, what the last block leaves open (a fence, **bold, [a link](...) is closed, so that it doesn't jump later.
 */
export function markdownBlocks(text: string, growing: boolean): Block[] {
  const tokens = lexer(text, { gfm: true });
  const definitions: string[] = [];
  const sources: string[] = [];
  for (const token of tokens) {
    if (token.type === "def") definitions.push(token.raw);
    else if (token.type === "space") {
      // Blank lines belong to the block before: they are what closes it.
      if (sources.length > 0) sources[sources.length - 1] += token.raw;
    } else sources.push(token.raw);
  }
  const tail = definitions.length > 0 ? `\n\n${definitions.join("\n")}` : "";
  return sources.map((source, i) => {
    const last = i === sources.length - 1;
    const open = growing && last;
    return { source: (open ? remend(source, { linkMode: "text-only" }) : source) + tail, closed: !open };
  });
}
