import { Badge } from "@mantine/core";
import type { Route, RouteAttempt, RouteLeft } from "../../api";
import { sentences } from "../../lib/text";
import { formatDuration } from "../../lib/time";
import { routeSentence } from "../../state/routing";
import { ErrorNote } from "../../ui/States";
import classes from "./Routing.module.css";

/** A decision: what would be tried, who is left out, and how it came to that. */
export function RouteView({ route }: { route: Route }) {
  return (
    <div className={classes.route}>
      {route.problem ? (
        <ErrorNote title="Nothing would be tried" message={route.problem} />
      ) : (
        <p className={classes.summary}>{routeSentence(route)}</p>
      )}
      {route.attempts.length > 0 && (
        <ol className={classes.attempts} aria-label="Attempts in order">
          {route.attempts.map((attempt, i) => (
            <li key={`${attempt.provider} ${attempt.credential} ${attempt.model}`}>
              <span className={classes.place} aria-hidden>
                {i + 1}
              </span>
              <Attempt of={attempt} />
            </li>
          ))}
        </ol>
      )}
      {route.left.length > 0 && (
        <section aria-label="Left out">
          <h3 className={classes.small}>Left out</h3>
          <ul className={classes.left}>
            {route.left.map(left => (
              <li key={`${left.provider} ${left.credential} ${left.model} ${left.reason}`}>
                <span className={classes.leftWho}>{whoOf(left)}</span>
                <span className={classes.soft}>{sentences(left.reason)}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {route.steps.length > 0 && (
        <section aria-label="How it came about">
          <h3 className={classes.small}>How it came about</h3>
          <ol className={classes.steps}>
            {route.steps.map((step, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a step is told by its place
              <li key={i}>{sentences(step)}</li>
            ))}
          </ol>
        </section>
      )}
    </div>
  );
}

function whoOf({ provider, credential, model }: RouteLeft): string {
  const who = credential ? `${provider} (${credential})` : provider;
  return [who, model].filter(Boolean).join(", ");
}

function Attempt({ of: attempt }: { of: RouteAttempt }) {
  const waits = [
    attempt.firstTokenTimeoutMs > 0 && `first token within ${formatDuration(attempt.firstTokenTimeoutMs)}`,
    attempt.idleTimeoutMs > 0 && `pauses up to ${formatDuration(attempt.idleTimeoutMs)}`,
    attempt.totalTimeoutMs > 0 && `done within ${formatDuration(attempt.totalTimeoutMs)}`,
  ].filter(Boolean);
  return (
    <div className={classes.attempt}>
      <div className={classes.who}>
        <strong>{attempt.providerName || attempt.provider}</strong>
        {attempt.credential && <span className={classes.soft}>({attempt.credential})</span>}
        <code className="mono">{attempt.model}</code>
        {attempt.translated && (
          <Badge size="sm" variant="light" color="gray">
            translated to {attempt.protocol}
          </Badge>
        )}
        {attempt.probe && (
          <Badge size="sm" variant="light" color="orange">
            not well: a probe
          </Badge>
        )}
      </div>
      <div className={classes.soft}>{sentences(attempt.reason)}</div>
      {waits.length > 0 && <div className={classes.faint}>{sentences(waits.join(", "))}</div>}
    </div>
  );
}
