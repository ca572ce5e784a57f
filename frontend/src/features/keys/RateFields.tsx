import { NumberInput } from "@mantine/core";
import classes from "./Keys.module.css";

/** What a key may do in a minute; 0 is no limit. */
export interface Rates {
  requestsPerMinute: number;
  tokensPerMinute: number;
  concurrency: number;
}

export const NO_RATES: Rates = { requestsPerMinute: 0, tokensPerMinute: 0, concurrency: 0 };

const FIELDS = [
  ["requestsPerMinute", "Requests a minute"],
  ["tokensPerMinute", "Tokens a minute"],
  ["concurrency", "Requests at once"],
] as const;

/** The three rate limits of a key; an empty one is none. */
export function RateFields({ value, onChange }: { value: Rates; onChange(value: Rates): void }) {
  return (
    <div className={classes.rates}>
      {FIELDS.map(([name, label]) => (
        <NumberInput
          key={name}
          label={label}
          placeholder="No limit"
          min={0}
          allowDecimal={false}
          thousandSeparator=","
          value={value[name] || ""}
          onChange={n => onChange({ ...value, [name]: Number(n) || 0 })}
        />
      ))}
    </div>
  );
}
