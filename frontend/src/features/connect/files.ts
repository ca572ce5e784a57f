/** The part of a unified diff that is about one file. */
export interface FileChange {
  path: string;
  /** The file is made by the change, or removed by it. */
  made: boolean;
  gone: boolean;
  text: string;
}

const NOWHERE = /^(\/dev\/null|NUL)$/i;

/** Takes a unified diff of several files apart. */
export function byFile(diff: string): FileChange[] {
  const out: FileChange[] = [];
  const lines = diff.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const from = lines[i] ?? "";
    const to = lines[i + 1] ?? "";
    // Only a head has these two behind each other and a hunk behind them; a removed line may look like one.
    if (from.startsWith("--- ") && to.startsWith("+++ ") && lines[i + 2]?.startsWith("@@ ")) {
      const before = from.slice(4);
      const after = to.slice(4);
      const made = NOWHERE.test(before);
      out.push({ path: made ? after : before, made, gone: NOWHERE.test(after), text: "" });
      i++;
      continue;
    }
    const last = out.at(-1);
    if (last) last.text += `${from}\n`;
  }
  return out;
}
