import { Checkbox } from "@mantine/core";

interface Props {
  value: boolean;
  onChange(value: boolean): void;
}

/** Asks whether the hosted gateway may take over; adding its credential does. */
export function FallbackChoice({ value, onChange }: Props) {
  return (
    <Checkbox
      mt={10}
      checked={value}
      onChange={event => onChange(event.currentTarget.checked)}
      label="It may answer when my own credentials fail"
      description="Where a provider refuses your credential or fails, the hosted gateway answers instead, and is paid for it."
    />
  );
}
