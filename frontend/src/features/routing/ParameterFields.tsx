import { NumberInput, Select } from "@mantine/core";
import type { SettingsParameters } from "../../api";
import { numberOf } from "./clean";
import classes from "./Routing.module.css";

const EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

interface Props {
  value: SettingsParameters;
  onChange(value: SettingsParameters): void;
}

/** Parameters of requests that set none themselves. */
export function ParameterFields({ value, onChange }: Props) {
  const set = (part: Partial<SettingsParameters>) => onChange({ ...value, ...part });
  return (
    <div className={classes.fields}>
      <NumberInput
        label="Temperature"
        placeholder="The model's own"
        step={0.1}
        decimalScale={4}
        value={value.temperature ?? ""}
        onChange={temperature => set({ temperature: numberOf(temperature) })}
      />
      <NumberInput
        label="Top P"
        placeholder="The model's own"
        step={0.05}
        decimalScale={4}
        value={value.topP ?? ""}
        onChange={topP => set({ topP: numberOf(topP) })}
      />
      <NumberInput
        label="Longest answer (tokens)"
        placeholder="The model's own"
        thousandSeparator=","
        allowDecimal={false}
        step={1000}
        value={value.maxOutputTokens ?? ""}
        onChange={tokens => set({ maxOutputTokens: numberOf(tokens) })}
      />
      <Select
        label="Reasoning effort"
        placeholder="The model's own"
        data={EFFORTS}
        value={value.reasoningEffort ?? null}
        onChange={effort =>
          set({ reasoningEffort: (effort ?? undefined) as SettingsParameters["reasoningEffort"] })
        }
        clearable
        clearButtonProps={{ "aria-label": "Clear the reasoning effort" }}
      />
    </div>
  );
}
