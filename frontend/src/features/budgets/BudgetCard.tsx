import { Button } from "@mantine/core";
import type { Budget } from "../../api";
import { plural } from "../../lib/numbers";
import { formatAgo, formatMoment } from "../../lib/time";
import { formatAmount, moodOf, scopeText } from "../../state/budgets";
import { Mood } from "../../ui/Dot";
import { SpentBar } from "../../ui/SpentBar";
import classes from "./Budgets.module.css";

interface Props {
  budget: Budget;
  now: Date;
  onAllow(): void;
  onEdit(): void;
  onRemove(): void;
}

/** One budget: how much of it is spent, and what can be done about it. */
export function BudgetCard({ budget, now, onAllow, onEdit, onRemove }: Props) {
  const mood = moodOf(budget);
  return (
    <li className={classes.card} data-state={budget.state}>
      <div className={classes.head}>
        <div className={classes.titles}>
          <h2 className={classes.name}>{budget.name}</h2>
          <p className={classes.scope}>{scopeText(budget)}</p>
        </div>
        <Mood tone={mood.tone}>{mood.text}</Mood>
      </div>
      <SpentBar
        label={`Spent of ${budget.name}`}
        text={budget.text}
        spent={budget.spent}
        reserved={budget.reserved}
        most={budget.limit + budget.allowed}
        marks={budget.warn}
        tone={mood.tone}
      />
      <div className={classes.line}>
        <strong>{budget.text}</strong>
        <span className={classes.soft}>
          {budget.resetsAt ? (
            <span title={formatMoment(budget.resetsAt)}>starts anew {formatAgo(budget.resetsAt, now)}</span>
          ) : (
            "never starts anew"
          )}
        </span>
      </div>
      <Notes budget={budget} />
      <div className={classes.buttons}>
        <Button
          size="compact-sm"
          variant={budget.state === "blocked" ? "filled" : "default"}
          onClick={onAllow}
          aria-label={`Allow more of ${budget.name}`}
        >
          Allow more
        </Button>
        <Button size="compact-sm" variant="default" onClick={onEdit} aria-label={`Edit ${budget.name}`}>
          Edit
        </Button>
        <Button
          size="compact-sm"
          variant="subtle"
          color="red"
          onClick={onRemove}
          aria-label={`Remove ${budget.name}`}
        >
          Remove
        </Button>
      </div>
    </li>
  );
}

function Notes({ budget }: { budget: Budget }) {
  const notes: string[] = [];
  if (budget.problem) notes.push(budget.problem);
  if (budget.reserved > 0)
    notes.push(`${formatAmount(budget.unit, budget.reserved)} is reserved by requests that run.`);
  if (budget.allowed > 0)
    notes.push(`${formatAmount(budget.unit, budget.allowed)} more is allowed until it starts anew.`);
  if (budget.fallback) notes.push(`From ${budget.fallbackAt} % on, ${budget.fallback} answers.`);
  if (budget.unit === "usd" && budget.unpriced > 0)
    notes.push(`${plural(budget.unpriced, "request")} whose price is not known are not in it.`);
  if (budget.estimated > 0)
    notes.push(`${plural(budget.estimated, "request")} whose end is not known count as estimated.`);
  if (notes.length === 0) return null;
  return (
    <ul className={classes.notes}>
      {notes.map(note => (
        <li key={note}>{note}</li>
      ))}
    </ul>
  );
}
