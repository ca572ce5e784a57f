import { Button, Checkbox, CloseButton, SegmentedControl, Select, TextInput } from "@mantine/core";
import { IconSearch, IconX } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import type { UsageRecord } from "../../api";
import { formatMoment } from "../../lib/time";
import { namesIn } from "../../state/report";
import {
  boundsOf,
  DIMENSIONS,
  type Dimension,
  isNarrowed,
  narrow,
  narrowTo,
  RANGES,
  type Range,
  type Scope,
  scope,
} from "../../state/scope";
import { useStore } from "../../state/store";
import { attempt } from "../../ui/notify";
import classes from "./Usage.module.css";
import { groupName, OTHER } from "./views";

/** Typing asks once the user stops. */
const TYPED_MS = 250;

const OUTCOMES: { value: UsageRecord["outcome"]; label: string }[] = [
  { value: "ok", label: "OK" },
  { value: "error", label: "Error" },
  { value: "cancelled", label: "Cancelled" },
  { value: "interrupted", label: "Interrupted" },
  { value: "open", label: "Running" },
];

/** What both views are about. The search is the log's alone. */
export function ScopeBar({ search }: { search: boolean }) {
  const s = useStore(scope);
  return (
    <search className={classes.scope} aria-label="Which requests">
      <div className={classes.controls}>
        <SegmentedControl
          size="xs"
          value={s.range}
          onChange={value => narrow(rangeChange(s, value as Range))}
          data={[...RANGES]}
          aria-label="Range"
        />
        {s.range === "custom" && <CustomRange scope={s} />}
        {search && <Search text={s.text} />}
        {search && (
          <Checkbox
            size="xs"
            label="Broken prefixes"
            checked={s.broken}
            onChange={event => narrow({ broken: event.currentTarget.checked })}
          />
        )}
      </div>
      <div className={classes.controls}>
        {DIMENSIONS.map(dimension => (
          <NameFilter key={dimension} dimension={dimension} scope={s} />
        ))}
        <Select
          size="xs"
          data={OUTCOMES}
          value={s.outcome || null}
          onChange={value => narrow({ outcome: (value ?? "") as Scope["outcome"] })}
          placeholder="Any outcome"
          aria-label="Outcome"
          clearable
          clearButtonProps={{ "aria-label": "Any outcome" }}
          className={classes.filter}
        />
        {isNarrowed(s) && (
          <Button
            size="compact-xs"
            variant="subtle"
            leftSection={<IconX size={12} />}
            onClick={() => narrow({ names: {}, outcome: "", text: "", broken: false })}
          >
            Clear filters
          </Button>
        )}
      </div>
    </search>
  );
}

// A custom range begins as what was shown.
function rangeChange(s: Scope, range: Range): Partial<Scope> {
  if (range !== "custom") return { range, from: null, to: null };
  return { range, ...boundsOf(s, new Date()) };
}

function CustomRange({ scope: s }: { scope: Scope }) {
  return (
    <div className={classes.dates}>
      <TextInput
        size="xs"
        type="datetime-local"
        aria-label="From"
        title={s.from === null ? "Unbounded" : formatMoment(s.from)}
        value={local(s.from)}
        onChange={event => narrow({ from: moment(event.currentTarget.value) })}
      />
      <span>to</span>
      <TextInput
        size="xs"
        type="datetime-local"
        aria-label="To"
        title={s.to === null ? "Now" : formatMoment(s.to)}
        value={local(s.to)}
        onChange={event => narrow({ to: moment(event.currentTarget.value) })}
      />
      {s.from !== null && s.to !== null && Date.parse(s.to) <= Date.parse(s.from) && (
        <span role="alert" className={classes.wrong}>
          The end is before the start.
        </span>
      )}
    </div>
  );
}

function local(rfc3339: string | null): string {
  if (rfc3339 === null) return "";
  const at = new Date(rfc3339);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function moment(value: string): string | null {
  const at = new Date(value);
  return value === "" || Number.isNaN(at.getTime()) ? null : at.toISOString();
}

function Search({ text }: { text: string }) {
  const [typed, setTyped] = useState(text);
  useEffect(() => setTyped(text), [text]);
  useEffect(() => {
    if (typed === text) return;
    const timer = setTimeout(() => narrow({ text: typed }), TYPED_MS);
    return () => clearTimeout(timer);
  }, [typed, text]);
  return (
    <TextInput
      size="xs"
      value={typed}
      onChange={event => setTyped(event.currentTarget.value)}
      placeholder="Search IDs, names, errors"
      aria-label="Search requests"
      leftSection={<IconSearch size={13} />}
      rightSection={
        typed ? <CloseButton size="xs" aria-label="Clear the search" onClick={() => setTyped("")} /> : null
      }
      className={classes.search}
    />
  );
}

/** A filter by one name. Its names are asked for when it is opened. */
function NameFilter({ dimension, scope: s }: { dimension: Dimension; scope: Scope }) {
  const [names, setNames] = useState<string[]>([]);
  const name = s.names[dimension];
  // An option may not be without a value: a mark in front tells "" from none.
  const data = [...new Set(name === undefined ? names : [name, ...names])]
    .filter(n => n !== OTHER && (n !== "" || dimension !== "tag"))
    .map(n => ({ value: `=${n}`, label: groupName(n) }));
  return (
    <Select
      size="xs"
      data={data}
      value={name === undefined ? null : `=${name}`}
      onChange={value => narrowTo(dimension, value === null ? undefined : value.slice(1))}
      onDropdownOpen={() =>
        void attempt("The names can't be had", async () => setNames(await namesIn(s, dimension)))
      }
      placeholder={`Any ${dimension}`}
      aria-label={dimension.replace(/^./, c => c.toUpperCase())}
      searchable
      clearable
      clearButtonProps={{ "aria-label": `Any ${dimension}` }}
      nothingFoundMessage="None"
      comboboxProps={{ width: "max-content", position: "bottom-start" }}
      className={classes.filter}
      data-on={name !== undefined || undefined}
    />
  );
}
