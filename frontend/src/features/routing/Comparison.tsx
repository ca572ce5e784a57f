import { SegmentedControl } from "@mantine/core";
import { useState } from "react";
import type { Arm, Progress } from "../../api";
import { formatCount } from "../../lib/numbers";
import own from "./Comparison.module.css";
import { estimateText, formatSpan, MEASURES } from "./estimate";
import classes from "./Routing.module.css";

/** How the old and the new model do, beside each other. */
export function Comparison({ of: rollout }: { of: Progress }) {
  const [span, setSpan] = useState<"total" | "window">("total");
  const arms = rollout[span];
  return (
    <div>
      <div className={classes.bar}>
        <SegmentedControl
          size="xs"
          aria-label="What is compared"
          data={[
            { value: "total", label: "Since the start" },
            { value: "window", label: `The last ${formatSpan(rollout.windowMs)}` },
          ]}
          value={span}
          onChange={value => setSpan(value as "total" | "window")}
        />
        <span className={classes.faint}>
          In brackets: where the true value is, with 95 % confidence, and the size of the sample.
        </span>
      </div>
      <div className={own.scroll}>
        <table className={own.table}>
          <caption className="visually-hidden">{`${rollout.from} and ${rollout.to} compared`}</caption>
          <thead>
            <tr>
              <th scope="col">Measure</th>
              <th scope="col">
                <code className="mono">{arms.old.model}</code>
              </th>
              <th scope="col">
                <code className="mono">{arms.new.model}</code>
              </th>
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row">Requests</th>
              <td>{requestsText(arms.old)}</td>
              <td>{requestsText(arms.new)}</td>
            </tr>
            {MEASURES.map(({ label, of, format }) => (
              <tr key={label}>
                <th scope="row">{label}</th>
                {[arms.old, arms.new].map((arm, i) => {
                  const { value, interval } = estimateText(of(arm), format);
                  return (
                    <td key={i === 0 ? "old" : "new"}>
                      {value}{" "}
                      {interval && (
                        <span className={classes.faint}>
                          ({interval}, of {formatCount(of(arm).samples)})
                        </span>
                      )}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function requestsText({ requests, cancelled, unknownCost }: Arm): string {
  const notes = [
    cancelled > 0 && `${formatCount(cancelled)} ended by the client`,
    unknownCost > 0 && `${formatCount(unknownCost)} of unknown cost`,
  ].filter(Boolean);
  return formatCount(requests) + (notes.length > 0 ? `, ${notes.join(", ")}` : "");
}
