/** Spells a count of tokens or requests; an unknown one is "unknown". */
export function formatCount(n: number | null): string {
  return n === null ? "unknown" : n.toLocaleString("en-US");
}

/** Spells a size in tokens shortly: 128K, 1M, 1.05M. */
export function formatSize(n: number | null): string {
  if (n === null) return "unknown";
  if (n < 1000) return String(n);
  if (n < 999_500) return `${trim((n / 1000).toFixed(n < 10_000 ? 1 : 0))}K`;
  return `${trim((n / 1_000_000).toFixed(2))}M`;
}

function trim(decimal: string): string {
  return decimal.includes(".") ? decimal.replace(/\.?0+$/, "") : decimal;
}

/** "1 model", "2 models". */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${formatCount(n)} ${n === 1 ? one : many}`;
}
