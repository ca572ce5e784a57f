import type { UsageAttempt, UsageRecord } from "../../api";
import { formatCostExactly } from "../../lib/money";
import { formatCount } from "../../lib/numbers";
import { formatDuration } from "../../lib/time";
import classes from "./Usage.module.css";

/** Where in a request's time something was, in percent of it. */
export interface Span {
  left: number;
  width: number;
}

/** The time that a request's picture spans, in milliseconds: its own, or that of its attempts where that is not known. */
export function wholeOf(r: UsageRecord): number {
  const start = Date.parse(r.startedAt);
  const ends = r.attempts.map(a => Date.parse(a.at) - start + a.durationMs);
  return Math.max(r.durationMs ?? 0, ...ends, 1);
}

export function spanOf(r: UsageRecord, a: UsageAttempt): Span {
  const whole = wholeOf(r);
  const left = Math.min(Math.max((Date.parse(a.at) - Date.parse(r.startedAt)) / whole, 0), 1) * 100;
  return { left, width: Math.min((a.durationMs / whole) * 100, 100 - left) };
}

/** The tries at providers in the order and at the times they were made; attempts that ran side by side show so. */
export function Waterfall({ record: r }: { record: UsageRecord }) {
  const whole = wholeOf(r);
  const first = r.timeToFirstTokenMs;
  return (
    <section>
      <h3>Attempts</h3>
      {r.attempts.length === 0 && (
        <p className={classes.none}>
          {r.outcome === "open" ? "They are known once the request ends." : "No provider was asked."}
        </p>
      )}
      <ol className={classes.attempts}>
        {r.attempts.map((a, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: attempts have nothing else to tell them apart, and stay in order
          <li key={i}>
            <div className={classes.attemptHead}>
              <span>
                <span className="mono">{a.model}</span> via {a.provider}
                {a.credential && `, ${a.credential}`}
              </span>
              <span className="numbers">{a.status ? `HTTP ${a.status}` : a.error ? "no answer" : ""}</span>
            </div>
            <div className={classes.track} aria-hidden>
              <div
                className={classes.span}
                data-failed={a.outcome !== "ok" || undefined}
                style={{ left: `${spanOf(r, a).left}%`, width: `max(2px, ${spanOf(r, a).width}%)` }}
              />
              {first !== null && (
                <div
                  className={classes.firstToken}
                  style={{ left: `${Math.min((first / whole) * 100, 100)}%` }}
                />
              )}
            </div>
            <div className={classes.none}>
              {[
                a.outcome,
                `after ${formatDuration(Math.max(Date.parse(a.at) - Date.parse(r.startedAt), 0))}`,
                `took ${formatDuration(a.durationMs)}`,
                a.reason,
                a.credentialType && `credential: ${a.credentialType}`,
                a.inputTokens !== null && `${formatCount(a.inputTokens)} in`,
                a.outputTokens !== null && `${formatCount(a.outputTokens)} out`,
                a.costPicoUSD !== null && formatCostExactly(a.costPicoUSD),
              ]
                .filter(Boolean)
                .join(" · ")}
            </div>
            {a.error && (
              <div className={classes.attemptError}>
                {a.errorKind && `${a.errorKind}: `}
                {a.error}
              </div>
            )}
          </li>
        ))}
      </ol>
      {first !== null && r.attempts.length > 0 && (
        <p className={classes.faint}>The line marks the first token, after {formatDuration(first)}.</p>
      )}
    </section>
  );
}
