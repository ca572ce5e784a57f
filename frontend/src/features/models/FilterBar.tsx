import { Button, Chip, CloseButton, Group, Select, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { type KeyboardEvent, useMemo } from "react";
import type { CatalogEntry } from "../../api";
import { ABILITIES, EVERYTHING, type Filters } from "./filter";
import classes from "./Models.module.css";

const CONTEXTS = [
  { value: "0", label: "Any context" },
  { value: "32000", label: "32K or more" },
  { value: "128000", label: "128K or more" },
  { value: "200000", label: "200K or more" },
  { value: "1000000", label: "1M or more" },
];

const PRICES = [
  { value: "", label: "Any price" },
  { value: "0.5", label: "Input to $0.50" },
  { value: "1", label: "Input to $1" },
  { value: "3", label: "Input to $3" },
  { value: "10", label: "Input to $10" },
];

interface Props {
  models: CatalogEntry[];
  filters: Filters;
  onChange(filters: Filters): void;
  /** The user goes on from the search to what it found. */
  onDown(): void;
}

/** Narrows the list: by words, by what models can do, who has them, how much they take and cost. */
export function FilterBar({ models, filters, onChange, onDown }: Props) {
  const set = (change: Partial<Filters>) => onChange({ ...filters, ...change });
  const providers = useMemo(() => {
    const names = new Map(models.map(m => [m.provider, m.providerName]));
    return [...names]
      .map(([value, label]) => ({ value, label }))
      .sort((a, b) => a.label.localeCompare(b.label));
  }, [models]);
  const narrowed = JSON.stringify({ ...filters, search: "", usable: false }) !== JSON.stringify(EVERYTHING);
  const toggle = (tag: string, on: boolean) =>
    set({ tags: on ? [...filters.tags, tag] : filters.tags.filter(t => t !== tag) });
  return (
    <search className={classes.filters}>
      <TextInput
        value={filters.search}
        onChange={event => set({ search: event.currentTarget.value })}
        onKeyDown={(event: KeyboardEvent) => {
          if (event.key === "ArrowDown") {
            event.preventDefault();
            onDown();
          } else if (event.key === "Escape" && filters.search) {
            event.stopPropagation();
            set({ search: "" });
          }
        }}
        placeholder="Search by ID, name, provider or type"
        aria-label="Search models"
        leftSection={<IconSearch size={15} />}
        rightSection={
          filters.search ? (
            <CloseButton size="sm" aria-label="Clear the search" onClick={() => set({ search: "" })} />
          ) : null
        }
        className={classes.search}
      />
      <Select
        data={providers}
        value={filters.provider || null}
        onChange={value => set({ provider: value ?? "" })}
        placeholder="Any provider"
        aria-label="Provider"
        clearable
        clearButtonProps={{ "aria-label": "Any provider" }}
        searchable
        nothingFoundMessage="No such provider"
        className={classes.select}
      />
      <Select
        data={CONTEXTS}
        value={String(filters.context)}
        onChange={value => set({ context: Number(value) })}
        aria-label="Context"
        allowDeselect={false}
        className={classes.select}
      />
      <Select
        data={PRICES}
        value={filters.price === null ? "" : String(filters.price)}
        onChange={value => set({ price: value ? Number(value) : null })}
        aria-label="Price per million tokens"
        allowDeselect={false}
        className={classes.select}
      />
      <Group gap={6} role="group" aria-label="Show only">
        <Toggle label="Ready to use" on={filters.usable} onChange={usable => set({ usable })} />
        <Toggle label="Favourites" on={filters.favourites} onChange={favourites => set({ favourites })} />
        {ABILITIES.map(({ tag, label }) => (
          <Toggle key={tag} label={label} on={filters.tags.includes(tag)} onChange={on => toggle(tag, on)} />
        ))}
        <Toggle label="Free" on={filters.free} onChange={free => set({ free })} />
        <Toggle label="Local" on={filters.local} onChange={local => set({ local })} />
        {narrowed && (
          <Button
            size="compact-xs"
            variant="subtle"
            onClick={() => onChange({ ...EVERYTHING, search: filters.search, usable: filters.usable })}
          >
            Clear filters
          </Button>
        )}
      </Group>
    </search>
  );
}

function Toggle({ label, on, onChange }: { label: string; on: boolean; onChange(on: boolean): void }) {
  return (
    <Chip size="xs" variant="outline" checked={on} onChange={onChange}>
      {label}
    </Chip>
  );
}
