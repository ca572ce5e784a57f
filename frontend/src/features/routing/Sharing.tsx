import { Checkbox, NumberInput, Select } from "@mantine/core";
import { Ordered } from "../../ui/Ordered";
import { numberOf } from "./clean";
import type { Choice } from "./providers";
import classes from "./Routing.module.css";
import type { Part, Share, Shares } from "./sharing";

const BALANCES = [
  { value: "in-order", label: "The first that works" },
  { value: "weighted", label: "By weight" },
  { value: "least-busy", label: "The least busy" },
  { value: "latency", label: "The fastest" },
];

interface Props {
  value: Shares;
  providers: Choice[];
  onChange(value: Shares): void;
}

/** How several credentials of one provider share its requests. */
export function Sharing({ value, providers, onChange }: Props) {
  const shares = Object.entries(value);
  if (shares.length === 0) return null;
  return (
    <div role="group" aria-label="Several credentials">
      <h3 className={classes.label}>Several credentials</h3>
      <p className={classes.hint}>Which of a provider's credentials a conversation begins with.</p>
      {shares.map(([id, share]) => (
        <One
          key={id}
          name={providers.find(p => p.value === id)?.label ?? id}
          value={share}
          onChange={next => onChange({ ...value, [id]: next })}
        />
      ))}
    </div>
  );
}

function One({ name, value, onChange }: { name: string; value: Share; onChange(value: Share): void }) {
  const edit = (at: number, part: Part) => onChange({ ...value, parts: value.parts.with(at, part) });
  return (
    <fieldset className={classes.shares}>
      <legend>{name}</legend>
      <Select
        label="Requests go to"
        aria-label={`Requests of ${name} go to`}
        data={BALANCES}
        value={value.balance}
        onChange={balance => onChange({ ...value, balance: (balance ?? "in-order") as Share["balance"] })}
        allowDeselect={false}
      />
      <Ordered
        label={`Credentials of ${name}`}
        items={value.parts}
        onChange={parts => onChange({ ...value, parts })}
        nameOf={part => part.name}
        keyOf={part => part.name}
        removable={false}
        render={(part, at) => (
          <div className={classes.weighted}>
            <div>
              <strong className={classes.strong}>{part.name}</strong>
              <Checkbox
                size="xs"
                label="Agreed that nothing is kept"
                aria-label={`Agreed with ${name} that nothing is kept: ${part.name}`}
                checked={part.zeroDataRetention}
                onChange={event => edit(at, { ...part, zeroDataRetention: event.currentTarget.checked })}
              />
            </div>
            {value.balance === "weighted" && (
              <NumberInput
                aria-label={`Weight of ${part.name}`}
                prefix="weight "
                min={1}
                allowDecimal={false}
                placeholder="weight 1"
                value={part.weight ?? ""}
                onChange={weight => edit(at, { ...part, weight: numberOf(weight) })}
              />
            )}
          </div>
        )}
      />
    </fieldset>
  );
}
