// Money is an integer of 1e-12 USD ("picoUSD"). This file only spells it; sums are made in Go.

const PICO_DIGITS = 12;

/** Spells a cost. An unknown one is "unknown", never $0. Small amounts keep two significant digits. */
export function formatCost(pico: number | null): string {
  if (pico === null) return "unknown";
  const digits = String(Math.abs(Math.trunc(pico))).padStart(PICO_DIGITS + 1, "0");
  const whole = digits.slice(0, -PICO_DIGITS);
  const fraction = digits.slice(-PICO_DIGITS);
  const sign = pico < 0 ? "-" : "";
  if (whole === "0" && /^0*$/.test(fraction)) return "$0";
  if (whole !== "0") return `${sign}$${group(whole)}.${fraction.slice(0, 2)}`;
  const firstDigit = fraction.search(/[1-9]/);
  return `${sign}$0.${fraction.slice(0, Math.max(4, firstDigit + 2)).replace(/0+$/, "")}`;
}

/** Spells a cost with every digit, for a tooltip. */
export function formatCostExactly(pico: number | null): string {
  if (pico === null) return "unknown";
  const digits = String(Math.abs(Math.trunc(pico))).padStart(PICO_DIGITS + 1, "0");
  const fraction = digits.slice(-PICO_DIGITS).replace(/0+$/, "");
  const sign = pico < 0 ? "-" : "";
  return `${sign}$${group(digits.slice(0, -PICO_DIGITS))}${fraction ? `.${fraction}` : ""}`;
}

/** Spells a price given as decimal USD per million tokens. */
export function formatPrice(usdPerMillion: string | null): string {
  if (usdPerMillion === null) return "unknown";
  const match = /^(\d+)(?:\.(\d*))?$/.exec(usdPerMillion);
  if (!match) return usdPerMillion;
  const whole = match[1] ?? "0";
  const fraction = (match[2] ?? "").replace(/0+$/, "");
  if (/^0+$/.test(whole) && fraction === "") return "$0";
  return `$${group(whole)}.${fraction.padEnd(2, "0")}`;
}

/** Spells a price given as 1e-12 USD per token, per million tokens. */
export function formatTokenPrice(pico: number | null): string {
  if (pico === null) return "unknown";
  const digits = String(Math.trunc(pico)).padStart(7, "0");
  return formatPrice(`${digits.slice(0, -6)}.${digits.slice(-6)}`);
}

function group(digits: string): string {
  return digits.replace(/^0+(?=\d)/, "").replace(/\B(?=(\d{3})+$)/g, ",");
}
