/** Writes rows as CSV (RFC 4180). Texts that a spreadsheet would run as a formula are given a quote before them. */
export function csv(rows: (string | number | null)[][]): string {
  return rows.map(row => `${row.map(cell).join(",")}\r\n`).join("");
}

function cell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
