import { Select } from "@mantine/core";
import classes from "./Data.module.css";

interface Props {
  label: string;
  placeholder: string;
  projects: string[];
  /** Null is none chosen; an empty name is the requests without a project. */
  value: string | null;
  onChange(project: string | null): void;
}

/** A choice of one project. */
export function ProjectSelect({ label, placeholder, projects, value, onChange }: Props) {
  // An option may not be without a value: a mark in front tells "" from none.
  const names = value === null || projects.includes(value) ? projects : [value, ...projects];
  return (
    <Select
      label={label}
      placeholder={placeholder}
      data={names.map(name => ({ value: `=${name}`, label: name || "Without a project" }))}
      value={value === null ? null : `=${value}`}
      onChange={chosen => onChange(chosen === null ? null : chosen.slice(1))}
      searchable
      clearable
      clearButtonProps={{ "aria-label": `${label}: clear` }}
      nothingFoundMessage="None"
      className={classes.project}
    />
  );
}
