// pico gives 1e-12 USD for a number of US dollars per `per` units, digit by digit; null where that is no whole number.
export function pico(usd, per) {
  if (typeof usd !== "number" || !(usd >= 0)) return null;
  const [mantissa, exponent = "0"] = String(usd).split("e");
  const [whole, fraction = ""] = mantissa.split(".");
  const shift = 12 - Math.log10(per) + Number(exponent) - fraction.length;
  const digits = BigInt(whole + fraction);
  if (shift >= 0) return Number(digits * 10n ** BigInt(shift));
  const unit = 10n ** BigInt(-shift);
  return digits % unit === 0n ? Number(digits / unit) : null;
}
