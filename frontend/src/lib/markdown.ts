import { Lexer, Marked, type Token } from "marked";
import remend from "remend";

/** One top-level block of a Markdown text; its index is its identity while the text only grows. */
export interface Block {
  source: string;
  /** False while the block may still grow. */
  closed: boolean;
  /** What a block of code between fences contains, which needs no parsing. */
  code?: { language: string; text: string };
}

const APART = /^ {0,3}(?:\$\$[^\n][\s\S]*?\$\$|\$\$\n[\s\S]*?\n[ \t]*\$\$|\\\[[\s\S]+?\\\])[ \t]*(?:\n|$)/;

/** Where math ends the paragraph that a text begins with: a paragraph goes up to an empty line at most. */
function inParagraph(text: string): number | undefined {
  const end = text.indexOf("\n\n");
  const at = (end < 0 ? text : text.slice(0, end)).search(/\n {0,3}(?:\$\$|\\\[)/);
  return at < 0 ? undefined : at + 1;
}

// Math that stands apart is one block, whatever its lines look like.
const marked = new Marked({
  gfm: true,
  extensions: [
    {
      name: "math",
      level: "block",
      start: inParagraph,
      tokenizer(source) {
        const raw = APART.exec(source)?.[0];
        return raw ? { type: "math", raw } : undefined;
      },
    },
  ],
});

/** A block as it was cut. Definitions of links and blank lines at the beginning are not shown. */
interface Piece {
  source: string;
  shown: boolean;
  definition: boolean;
  code?: Block["code"];
}

function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  // What is within the blocks is not looked at here.
  for (const token of new Lexer(marked.defaults).blockTokens(text)) {
    const last = found[found.length - 1];
    const blank = token.type === "space";
    const definition = token.type === "def";
    // Blank lines belong to the block before: they are what closes it.
    if (blank && last) last.source += token.raw;
    else found.push({ source: token.raw, shown: !blank && !definition, definition, code: fenced(token) });
  }
  return found;
}

function fenced(token: Token): Block["code"] {
  if (token.type !== "code" || token.codeBlockStyle === "indented") return undefined;
  return { language: /^\S*/.exec(token.lang ?? "")?.[0] ?? "", text: token.text };
}

/** How many of the last pieces may still change when a text grows. */
const OPEN = 2;

/**
 * Cuts a Markdown text into its top-level blocks, so that a growing text redraws only its last one. While the text
 * grows, what the last block leaves open (a fence, **bold, [a link](...) is closed, so that it doesn't jump later.
 *
 * A text that goes on from the one before is only looked at again where that may still change.
 */
export class BlockCutter {
  private text = "";
  private settled: Piece[] = [];
  private settledLength = 0;

  cut(given: string, growing: boolean): Block[] {
    const text = lined(given);
    if (!text.startsWith(this.text)) {
      this.settled = [];
      this.settledLength = 0;
    }
    this.text = text;
    const open = pieces(text.slice(this.settledLength));
    const all = [...this.settled, ...open];
    for (const piece of open.slice(0, -OPEN)) {
      this.settled.push(piece);
      this.settledLength += piece.source.length;
    }
    return blocks(all, growing);
  }
}

/** Cuts a text on its own. */
export function markdownBlocks(text: string, growing: boolean): Block[] {
  return blocks(pieces(lined(text)), growing);
}

/** Every line ends in the one way. */
function lined(text: string): string {
  return text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
}

function blocks(all: Piece[], growing: boolean): Block[] {
  const definitions = all.filter(p => p.definition).map(p => p.source.trimEnd());
  const shown = all.filter(p => p.shown);
  const tail = definitions.length > 0 ? `\n\n${definitions.join("\n")}` : "";
  return shown.map((piece, i) => {
    const open = growing && i === shown.length - 1;
    if (piece.code) return { source: piece.source, closed: !open, code: piece.code };
    const source = open ? remend(piece.source, { linkMode: "text-only", katex: false }) : piece.source;
    return { source: source + tail, closed: !open };
  });
}
