import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { type KeyboardEvent, type ReactNode, useState } from "react";
import { Ordered } from "../../ui/Ordered";
import { ModelField } from "./ModelField";
import classes from "./Routing.module.css";

interface Props<T> {
  label: string;
  description: string;
  items: T[];
  onChange(items: T[]): void;
  modelOf(item: T): string;
  /** Makes an item of a model that is added. */
  make(model: string): T;
  render?: (item: T, at: number) => ReactNode;
}

/** An ordered list of models, and the field that adds one. */
export function ModelList<T>({ label, description, items, onChange, modelOf, make, render }: Props<T>) {
  const [adding, setAdding] = useState("");
  const model = adding.trim();
  const taken = items.some(item => modelOf(item) === model);
  const add = () => {
    if (!model || taken) return;
    onChange([...items, make(model)]);
    setAdding("");
  };
  return (
    <div role="group" aria-label={label}>
      <div className={classes.label}>{label}</div>
      <div className={classes.hint}>{description}</div>
      <Ordered
        label={label}
        items={items}
        onChange={onChange}
        nameOf={modelOf}
        keyOf={modelOf}
        render={render ?? (item => <code className="mono">{modelOf(item)}</code>)}
      />
      <div className={classes.adding}>
        <ModelField
          aria-label={`Add to ${label.toLowerCase()}`}
          placeholder="Add a model"
          value={adding}
          onChange={setAdding}
          error={taken && model ? "It is there already" : undefined}
          onKeyDown={(event: KeyboardEvent) => {
            if (event.key !== "Enter") return;
            event.preventDefault(); // it adds, and doesn't save the form
            add();
          }}
        />
        <Button
          variant="default"
          leftSection={<IconPlus size={14} />}
          disabled={!model || taken}
          aria-label={`Add ${model || "a model"} to ${label.toLowerCase()}`}
          onClick={add}
        >
          Add
        </Button>
      </div>
    </div>
  );
}
