import { Tooltip } from "@mantine/core";
import classes from "./Facts.module.css";

export interface Fact {
  label: string;
  value: string;
  /** More about the value, such as every digit of it. */
  title?: string;
}

/** A line of small facts under something. */
export function FactLine({ facts }: { facts: Fact[] }) {
  return (
    <dl className={classes.line}>
      {facts.map(fact => (
        <Tooltip key={fact.label} label={fact.title ?? fact.label}>
          <div className={classes.fact}>
            <dt>{fact.label}</dt>
            <dd className="numbers">{fact.value}</dd>
          </div>
        </Tooltip>
      ))}
    </dl>
  );
}

/** Facts under each other, name at the left. */
export function FactTable({ facts }: { facts: Fact[] }) {
  return (
    <dl className={classes.table}>
      {facts.map(fact => (
        <div key={fact.label} className={classes.row}>
          <dt>{fact.label}</dt>
          <dd title={fact.title}>{fact.value}</dd>
        </div>
      ))}
    </dl>
  );
}
