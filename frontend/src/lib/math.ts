// Math as models write it, made into the one spelling that the Markdown parser is told to take: $$...$$, on lines of its own
// for what stands apart. A single dollar is math only by pandoc's rule, so that prices stay prices.

/** Code, which stays as it is: a run of backticks up to the next run of the same length. */
const CODE = /(?<!`)(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/;
const APART = /^([ \t]*)(?:\\\[([\s\S]+?)\\\]|\$\$([^\n]+?)\$\$)[ \t]*$/;
/** What is spelled right already. */
const DOUBLED = /\$\$[\s\S]+?\$\$/;
const WITHIN = /\\\((.+?)\\\)|\\\[(.+?)\\\]/;
const DOLLARS = /(?<![\\$\w])\$(?![\s$])((?:\\.|[^$\n\\])*?(?:\\.|[^\s\\$]))\$(?![\w$])/;
// The code's backreference holds because its group is the first.
const SPELLINGS = new RegExp([CODE, APART, DOUBLED, WITHIN, DOLLARS].map(r => r.source).join("|"), "gm");

/** Tells at little cost that a text has no math; what is left has to be looked at. */
function mayHaveMath(text: string): boolean {
  return text.includes("$") || text.includes("\\(") || text.includes("\\[");
}

/** A text with its math in the one spelling, and whether there is any. */
export function withMath(text: string): { text: string; math: boolean } {
  if (!mayHaveMath(text)) return { text, math: false };
  let math = false;
  const spelled = text.replace(
    SPELLINGS,
    (
      whole: string,
      code: string | undefined,
      indent: string | undefined,
      bracketed: string | undefined,
      dollars: string | undefined,
      round: string | undefined,
      square: string | undefined,
      single: string | undefined,
    ) => {
      if (code) return whole;
      math = true;
      const apart = bracketed ?? dollars;
      if (apart !== undefined) {
        const lines = apart.trim().split("\n");
        return ["$$", ...lines.map(line => line.trim()), "$$"].map(line => `${indent}${line}`).join("\n");
      }
      const within = round ?? square ?? single;
      return within === undefined ? whole : `$$${within.trim()}$$`;
    },
  );
  return { text: spelled, math };
}
