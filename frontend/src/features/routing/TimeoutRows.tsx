import { ActionIcon, Button, NumberInput, Select } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { numberOf } from "./clean";
import { useProviders } from "./providers";
import classes from "./Routing.module.css";

type Timeouts = Record<string, Record<string, number>>;

interface Row {
  id: number;
  kind: string;
  provider: string;
  seconds: string | number;
}

const KINDS = [
  { value: "firstToken", label: "First token" },
  { value: "idle", label: "Pause between pieces" },
  { value: "total", label: "Whole answer" },
];
const ANY = { value: "*", label: "Any provider" };

function rowsOf(value: Timeouts | undefined): Row[] {
  let id = 0;
  return Object.entries(value ?? {}).flatMap(([kind, by]) =>
    Object.entries(by).map(([provider, ms]) => ({ id: id++, kind, provider, seconds: ms / 1000 })),
  );
}

function timeoutsOf(rows: Row[]): Timeouts | undefined {
  const out: Timeouts = {};
  for (const { kind, provider, seconds } of rows) {
    const n = numberOf(seconds);
    if (n !== undefined) out[kind] = { ...out[kind], [provider]: Math.round(n * 1000) };
  }
  return Object.keys(out).length > 0 ? out : undefined;
}

/** How long a request waits for which provider. */
export function TimeoutRows({ value, onChange }: { value?: Timeouts; onChange(value?: Timeouts): void }) {
  const providers = useProviders();
  const [rows, setRows] = useState(() => rowsOf(value));
  const set = (next: Row[]) => {
    setRows(next);
    onChange(timeoutsOf(next));
  };
  const edit = (id: number, part: Partial<Row>) =>
    set(rows.map(row => (row.id === id ? { ...row, ...part } : row)));
  const id = Math.max(-1, ...rows.map(row => row.id)) + 1;
  return (
    <div role="group" aria-label="Longest waits">
      <div className={classes.label}>Longest waits</div>
      {rows.map((row, i) => (
        <div key={row.id} className={classes.row}>
          <Select
            aria-label={`What wait ${i + 1} is for`}
            data={KINDS}
            value={row.kind}
            onChange={kind => edit(row.id, { kind: kind ?? row.kind })}
            allowDeselect={false}
          />
          <Select
            aria-label={`Provider of wait ${i + 1}`}
            data={[ANY, ...providers]}
            value={row.provider}
            onChange={provider => edit(row.id, { provider: provider ?? row.provider })}
            allowDeselect={false}
            searchable
          />
          <NumberInput
            aria-label={`Seconds of wait ${i + 1}`}
            suffix=" s"
            min={0}
            value={row.seconds}
            onChange={seconds => edit(row.id, { seconds })}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            c="dimmed"
            aria-label={`Take wait ${i + 1} out`}
            onClick={() => set(rows.filter(r => r.id !== row.id))}
          >
            <IconX size={15} />
          </ActionIcon>
        </div>
      ))}
      <Button
        size="compact-sm"
        variant="subtle"
        className={classes.more}
        leftSection={<IconPlus size={14} />}
        onClick={() => set([...rows, { id, kind: "firstToken", provider: "*", seconds: 30 }])}
      >
        Add a wait
      </Button>
    </div>
  );
}
