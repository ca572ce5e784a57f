import { budgets, moodOf } from "../../state/budgets";
import { useResource } from "../../state/resource";
import { routeHash } from "../../state/route";
import { SpentBar } from "../../ui/SpentBar";
import classes from "./Usage.module.css";

/** How many budgets are shown here; the fullest first. All are on a page of their own. */
const SHOWN = 3;

export function BudgetLine() {
  const { data } = useResource(budgets);
  const fullest = [...(data?.budgets ?? [])].sort((a, b) => b.percent - a.percent).slice(0, SHOWN);
  if (fullest.length === 0) return null;
  return (
    <ul className={classes.budgets} aria-label="Budgets">
      {fullest.map(b => (
        <li key={b.name}>
          <a href={routeHash("budgets")}>{b.name}</a>
          <SpentBar
            label={`Spent of ${b.name}`}
            text={b.text}
            spent={b.spent}
            reserved={b.reserved}
            most={b.limit + b.allowed}
            tone={moodOf(b).tone}
          />
          <span className="numbers">{b.text}</span>
        </li>
      ))}
    </ul>
  );
}
