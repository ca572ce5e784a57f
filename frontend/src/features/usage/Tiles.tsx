import type { UsageFigures, UsageQuantiles, UsageTrend } from "../../api";
import { formatCost, formatCostExactly } from "../../lib/money";
import { formatCount } from "../../lib/numbers";
import {
  changeText,
  costText,
  costTitle,
  countText,
  formatShare,
  formatSpeed,
  msText,
  tokensTitle,
} from "./figures";
import classes from "./Usage.module.css";
import { showRequests } from "./views";

interface Props {
  now: UsageFigures;
  before: UsageFigures | null;
  /** From then to now. */
  change: UsageTrend | null;
}

/** The sums of a range, each beside what it was in the time before of the same length. */
export function Tiles({ now: f, before, change }: Props) {
  const b = before && before.requests > 0 ? before : null; // nothing is no measure
  return (
    <section aria-label="Figures" className={classes.tiles}>
      <Tile
        label="Spend"
        value={costText(f)}
        title={costTitle(f)}
        change={change?.costPicoUSD}
        was={b && costText(b)}
        more={
          f.reportedCostPicoUSD === null ? undefined : `${formatCost(f.reportedCostPicoUSD)} say providers`
        }
      />
      <Tile
        label="Requests"
        value={formatCount(f.requests)}
        change={change?.requests}
        was={b && formatCount(b.requests)}
        onOpen={() => showRequests()}
        more={f.attempts > f.requests ? `${formatCount(f.attempts)} attempts` : undefined}
      />
      <Tile
        label="Errors"
        value={formatCount(f.errors)}
        change={change?.errors}
        was={b && formatCount(b.errors)}
        onOpen={f.errors > 0 ? () => showRequests({ outcome: "error" }) : undefined}
        more={f.errors > 0 ? `${formatShare(f.errorShare)} of requests` : undefined}
      />
      <Tile
        label="Input tokens"
        value={countText(f.inputTokens, f)}
        title={tokensTitle(f)}
        change={change?.inputTokens}
        was={b && countText(b.inputTokens, b)}
        more="not from a cache"
      />
      <Tile
        label="Cache read"
        value={countText(f.cacheReadTokens, f)}
        title={tokensTitle(f)}
        change={change?.cacheReadTokens}
        was={b && countText(b.cacheReadTokens, b)}
        more={f.cacheHitShare === null ? undefined : `${formatShare(f.cacheHitShare)} of prompts`}
      />
      <Tile
        label="Cache write"
        value={countText(f.cacheWriteTokens, f)}
        title={tokensTitle(f)}
        change={change?.cacheWriteTokens}
        was={b && countText(b.cacheWriteTokens, b)}
        more={f.cacheWrite1hTokens ? `${formatCount(f.cacheWrite1hTokens)} for an hour` : undefined}
      />
      <Tile
        label="Output tokens"
        value={countText(f.outputTokens, f)}
        title={tokensTitle(f)}
        change={change?.outputTokens}
        was={b && countText(b.outputTokens, b)}
        more={f.reasoningTokens ? `${formatCount(f.reasoningTokens)} reasoning` : undefined}
      />
      <Tile
        label="Saved by caching"
        value={formatCost(f.cacheSavedPicoUSD)}
        title={formatCostExactly(f.cacheSavedPicoUSD)}
        change={change?.cacheSavedPicoUSD}
        was={b && formatCost(b.cacheSavedPicoUSD)}
        more={f.cacheSavedPicoUSD !== null && f.cacheSavedPicoUSD < 0 ? "writing cost more" : undefined}
      />
      <Quantiles label="Time to first token" q={f.timeToFirstTokenMs} spell={msText} />
      <Quantiles label="Duration" q={f.durationMs} spell={msText} />
      <Quantiles label="Tokens per second" q={f.tokensPerSecond} spell={formatSpeed} />
    </section>
  );
}

interface TileProps {
  label: string;
  value: string;
  title?: string;
  /** In percent; null where it can't be said. */
  change: number | null | undefined;
  /** What it was before; null without a comparison. */
  was: string | null;
  more?: string;
  onOpen?: () => void;
}

function Tile({ label, value, title, change, was, more, onOpen }: TileProps) {
  return (
    <div className={classes.tile}>
      <div className={classes.tileLabel}>{label}</div>
      <div className={classes.tileValue} title={title} data-unknown={value === "unknown" || undefined}>
        {onOpen ? (
          <button type="button" onClick={onOpen} aria-label={`${label}: ${value}. Show the requests`}>
            {value}
          </button>
        ) : (
          value
        )}
      </div>
      <div className={classes.tileMore}>
        {was !== null && (
          <span title={`In the time before, of the same length: ${was}`}>
            {changeText(change ?? null) || `was ${was}`}
          </span>
        )}
        {more && <span>{more}</span>}
      </div>
    </div>
  );
}

function Quantiles({
  label,
  q,
  spell,
}: {
  label: string;
  q: UsageQuantiles;
  spell(n: number | null): string;
}) {
  return (
    <div className={classes.tile} data-quantiles>
      <div className={classes.tileLabel}>{label}</div>
      <dl className={classes.quantiles}>
        {(["p50", "p75", "p95"] as const).map(name => (
          <div key={name}>
            <dt>{name}</dt>
            <dd data-unknown={q[name] === null || undefined}>{spell(q[name])}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
