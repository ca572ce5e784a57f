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

/** Spells a size in bytes: 340 B, 2.4 MB. */
export function formatBytes(n: number): string {
  if (n < 1000) return `${n} B`;
  const [size, unit] = n < 999_950 ? [n / 1e3, "kB"] : n < 999_950_000 ? [n / 1e6, "MB"] : [n / 1e9, "GB"];
  return `${trim(size.toFixed(1))} ${unit}`;
}
