import type { ModelDetail, ModelOrigin, ModelPrice, ModelPriceLine } from "../../api";
import { formatCostExactly, formatTokenPrice } from "../../lib/money";
import { formatSize } from "../../lib/numbers";
import { formatAgo, formatMoment } from "../../lib/time";
import { useNow } from "../../ui/useNow";
import classes from "./Models.module.css";

const KINDS: Record<string, string> = {
  input: "Input",
  output: "Output",
  reasoning: "Reasoning",
  cacheRead: "Cache read",
  cacheWrite5m: "Cache write, 5 minutes",
  cacheWrite1h: "Cache write, 1 hour",
  inputAudio: "Sound in",
  cacheReadAudio: "Sound read from the cache",
  inputImage: "Picture in",
  outputAudio: "Sound out",
  outputImage: "Picture out",
  request: "Each request",
  search: "Each web search",
  image: "Each picture",
  video: "Each second of film",
  audio: "Each second of sound",
  character: "Each character spoken",
};

const EACH = new Set(["request", "search", "image", "video", "audio", "character"]);

const spell = (line: ModelPriceLine) =>
  EACH.has(line.kind) ? formatCostExactly(line.picoUSD) : formatTokenPrice(line.picoUSD);

/** A price with all its kinds. */
export function Prices({ price, free }: { price: ModelPrice | null; free: boolean }) {
  const steps = price?.lines.find(line => line.steps.length > 0)?.steps ?? [];
  return (
    <section aria-label="Prices">
      <h3>Prices</h3>
      {!price && (
        <p className={classes.note}>Nobody says what it costs. Settings can: "catalog", by its ID.</p>
      )}
      {price && free && <p className={classes.note}>It costs nothing.</p>}
      {price && !free && (
        <>
          <div className={classes.scrolls}>
            <table className={classes.small}>
              <thead>
                <tr>
                  <th scope="col">Kind</th>
                  <th scope="col">Price</th>
                  {steps.map(step => (
                    <th scope="col" key={step.from}>
                      From {formatSize(step.from)}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {price.lines.map(line => (
                  <tr key={line.kind}>
                    <th scope="row">{KINDS[line.kind] ?? line.kind}</th>
                    <td>{spell(line)}</td>
                    {steps.map((step, i) => (
                      <td key={step.from}>
                        {EACH.has(line.kind) ? "" : formatTokenPrice(line.steps[i]?.picoUSD ?? null)}
                      </td>
                    ))}
                  </tr>
                ))}
                {[...price.services, ...price.regions, ...price.hours].map(variant => (
                  <tr key={variant.name}>
                    <th scope="row">{variant.name}</th>
                    <td colSpan={1 + steps.length}>
                      {variant.multiplier > 0 && `${variant.multiplier / 1_000_000} × `}
                      {variant.lines
                        .map(line => `${(KINDS[line.kind] ?? line.kind).toLowerCase()} ${spell(line)}`)
                        .join(", ")}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <p className={classes.note}>
            USD per million tokens{steps.length > 0 && "; requests with long prompts cost more"}.
            {price.discount > 0 && ` Times ${price.discount / 1_000_000}, says the settings.`}
          </p>
        </>
      )}
    </section>
  );
}

const FIELDS: Record<string, string> = {
  name: "Name",
  description: "Description",
  created: "Listed since",
  released: "Released",
  type: "Type",
  contextWindow: "Context",
  maxOutput: "Longest answer",
  price: "Prices",
  tags: "Abilities",
  inputModalities: "Takes",
  outputModalities: "Gives",
  parameters: "Parameters",
  regions: "Regions",
  capabilities: "Capabilities",
};

/** Who said what, and when. */
export function Facts({ detail }: { detail: ModelDetail }) {
  const now = useNow();
  return (
    <section aria-label="Where this is from">
      <h3>Where this is from</h3>
      {detail.facts.length === 0 && <p className={classes.note}>Nothing but its name is known.</p>}
      {detail.facts.length > 0 && (
        <table className={classes.small}>
          <tbody>
            {detail.facts.map(fact => (
              <tr key={fact.field}>
                <th scope="row">{FIELDS[fact.field] ?? fact.field}</th>
                <td className={classes.left}>{sourceOf(fact.origin)}</td>
                <td title={fact.origin.at ? formatMoment(fact.origin.at) : undefined}>
                  {fact.origin.at ? formatAgo(fact.origin.at, now) : ""}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {detail.raw !== null && (
        <details className={classes.raw}>
          <summary>The provider's own entry</summary>
          <pre>{JSON.stringify(detail.raw, null, 2)}</pre>
        </details>
      )}
    </section>
  );
}

function sourceOf(origin: ModelOrigin): string {
  switch (origin.source) {
    case "user":
      return "your settings";
    case "provider":
      return `the list of ${origin.by}`;
    case "gateway":
      return "the hosted gateway";
    case "snapshot":
      return `${origin.by}, with Gatehouse`;
  }
}
