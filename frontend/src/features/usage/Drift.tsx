import type { UsageDriftDay, UsageDriftMeasure } from "../../api";
import { formatCost, formatCostExactly } from "../../lib/money";
import { formatCount } from "../../lib/numbers";
import { useResource } from "../../state/resource";
import { drift } from "../../state/trust";
import tables from "../../ui/Table.module.css";
import classes from "./Usage.module.css";

/** What providers that can be asked say of their answers, beside what we say. Nothing where nobody was asked yet. */
export function Drift() {
  const { data } = useResource(drift);
  if (!data || data.days.length === 0) return null;
  return (
    <section aria-label="We say, they say" className={classes.groups}>
      <h2 className={classes.sectionTitle}>We say / they say</h2>
      <p className={classes.faint}>
        What the provider counted and charged for the requests it was asked about, beside our own numbers
        {!data.on && "; it is not asked any more"}.
      </p>
      <div className={tables.box} tabIndex={0} role="region" aria-label="What providers say by day">
        <table className={tables.table} data-dense>
          <caption className="visually-hidden">What providers say by day</caption>
          <thead>
            <tr>
              <th>Day</th>
              <th>Provider</th>
              <th className={tables.right}>Compared</th>
              <th className={tables.right}>Differ</th>
              <th className={tables.right} title="What all prompts had, caches included">
                In, we / they
              </th>
              <th className={tables.right}>Out, we / they</th>
              <th className={tables.right}>Cost, we / they</th>
              <th className={tables.right} title="What they say less what we say">
                Difference
              </th>
            </tr>
          </thead>
          <tbody>
            {data.days.map(day => (
              <Row key={`${day.day} ${day.provider}`} day={day} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Row({ day: d }: { day: UsageDriftDay }) {
  const lacking = [
    d.missing > 0 && `${d.missing} it does not know`,
    d.unanswered > 0 && `${d.unanswered} it could not be asked about`,
    d.skipped > 0 && `${d.skipped} were too many to ask about`,
  ].filter(Boolean);
  const cost = d.costPicoUSD;
  return (
    <tr>
      <td>{d.day}</td>
      <td>{d.provider}</td>
      <td className={tables.right} title={lacking.join(", ") || undefined}>
        {formatCount(d.compared)}
        {lacking.length > 0 && ` of ${formatCount(d.requests)}`}
      </td>
      <td className={tables.right}>{d.differing > 0 ? formatCount(d.differing) : "–"}</td>
      <td className={tables.right}>{both(d.promptTokens, formatCount)}</td>
      <td className={tables.right}>{both(d.completionTokens, formatCount)}</td>
      <td className={tables.right}>{both(cost, formatCost)}</td>
      <td
        className={tables.right}
        data-wrong={cost.difference !== 0 || undefined}
        title={formatCostExactly(cost.difference)}
      >
        {cost.requests === 0 ? "unknown" : formatCost(cost.difference)}
      </td>
    </tr>
  );
}

function both(m: UsageDriftMeasure, spell: (n: number) => string): string {
  if (m.requests === 0) return "unknown";
  return m.ours === m.theirs ? spell(m.ours) : `${spell(m.ours)} / ${spell(m.theirs)}`;
}
