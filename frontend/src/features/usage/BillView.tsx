import type { UsageBill, UsageBillLine, UsageRecord } from "../../api";
import { formatCost, formatCostExactly, formatTokenPrice } from "../../lib/money";
import { formatCount } from "../../lib/numbers";
import { type Fact, FactTable } from "../../ui/Facts";
import classes from "./Usage.module.css";

/** What units of a kind are called, and what their price is for. */
const KINDS: Record<string, { label: string; per: "token" | "one" | "second" }> = {
  input: { label: "Input", per: "token" },
  inputAudio: { label: "Input, sound", per: "token" },
  inputImage: { label: "Input, pictures", per: "token" },
  cacheRead: { label: "Cache read", per: "token" },
  cacheReadAudio: { label: "Cache read, sound", per: "token" },
  cacheWrite5m: { label: "Cache write, 5 minutes", per: "token" },
  cacheWrite1h: { label: "Cache write, 1 hour", per: "token" },
  output: { label: "Output", per: "token" },
  reasoning: { label: "Reasoning", per: "token" },
  outputAudio: { label: "Output, sound", per: "token" },
  outputImage: { label: "Output, pictures", per: "token" },
  request: { label: "Request", per: "one" },
  search: { label: "Searches", per: "one" },
  image: { label: "Pictures", per: "one" },
  video: { label: "Film", per: "second" },
  audio: { label: "Sound", per: "second" },
  character: { label: "Characters", per: "one" },
};

/** The cost of a request with its arithmetic, and what the provider says of it. */
export function BillView({ record: r }: { record: UsageRecord }) {
  return (
    <section>
      <h3>Cost</h3>
      {r.bill && r.bill.lines.length > 0 && (
        <table className={classes.small}>
          <caption className="visually-hidden">The cost, line by line</caption>
          <thead>
            <tr>
              <th scope="col">Kind</th>
              <th scope="col">Units</th>
              <th scope="col">Price</th>
              <th scope="col">Amount</th>
            </tr>
          </thead>
          <tbody>
            {r.bill.lines.map(line => (
              <Line key={line.kind} line={line} />
            ))}
          </tbody>
          <tfoot>
            {r.otherCostPicoUSD !== null && (
              <tr>
                <th scope="row">Attempts that did not answer</th>
                <td />
                <td />
                <td>{formatCostExactly(r.otherCostPicoUSD)}</td>
              </tr>
            )}
            <tr>
              <th scope="row">Sum{r.provenance.costPicoUSD === "estimated" && ", estimated"}</th>
              <td />
              <td />
              <td title={formatCostExactly(r.costPicoUSD)}>
                <strong>{formatCostExactly(r.costPicoUSD)}</strong>
              </td>
            </tr>
          </tfoot>
        </table>
      )}
      {!r.bill && (
        <p className={classes.none}>
          {r.outcome === "open"
            ? "It is known once the request ends."
            : r.costPicoUSD === null
              ? "No price is known for what served it."
              : `${formatCost(r.costPicoUSD)}, without lines.`}
        </p>
      )}
      <FactTable facts={[...conditionsOf(r.bill), ...toldOf(r)]} />
    </section>
  );
}

function Line({ line }: { line: UsageBillLine }) {
  const kind = KINDS[line.kind] ?? { label: line.kind, per: "one" };
  const units = kind.per === "second" ? `${line.units / 1000} s` : formatCount(line.units);
  const price =
    kind.per === "token"
      ? `${formatTokenPrice(line.price)}${line.price === null ? "" : " / M"}`
      : formatCostExactly(line.price);
  return (
    <tr>
      <th scope="row">{kind.label}</th>
      <td>{units}</td>
      <td>× {price}</td>
      <td>{formatCostExactly(line.amount)}</td>
    </tr>
  );
}

const times = (millionths: number) => `× ${millionths / 1_000_000}`;

/** Why these prices, and what changed them. */
function conditionsOf(bill: UsageBill | null): Fact[] {
  if (!bill) return [];
  const facts: Fact[] = [];
  if (bill.over > 0)
    facts.push({ label: "Long prompt", value: `prices from ${formatCount(bill.over)} tokens on` });
  if (bill.service) facts.push({ label: "Service tier", value: bill.service });
  if (bill.region) facts.push({ label: "Region", value: bill.region });
  if (bill.hours) facts.push({ label: "Hours (UTC)", value: bill.hours });
  for (const multiplier of bill.multipliers)
    facts.push({ label: "Multiplier", value: `${times(multiplier)}, in the amounts` });
  if (bill.discount > 0)
    facts.push({ label: "Your discount", value: `${times(bill.discount)}, in the amounts` });
  if (bill.source) facts.push({ label: "Prices from", value: bill.source, title: bill.version });
  return facts;
}

/** What the provider says of costs, how far that is from ours, and what caching saved. */
function toldOf(r: UsageRecord): Fact[] {
  const facts: Fact[] = [];
  if (r.reportedCostPicoUSD !== null)
    facts.push({ label: "The provider says", value: formatCostExactly(r.reportedCostPicoUSD) });
  if (r.costDifferencePicoUSD) {
    const word = r.costDifferencePicoUSD < 0 ? "less" : "more";
    facts.push({
      label: "Difference",
      value: `the provider says ${formatCostExactly(Math.abs(r.costDifferencePicoUSD))} ${word}`,
    });
  }
  if (r.marketCostPicoUSD !== null)
    facts.push({ label: "At list price", value: formatCostExactly(r.marketCostPicoUSD) });
  if (r.cacheSavedPicoUSD !== null) {
    const cost = r.cacheSavedPicoUSD < 0;
    facts.push({
      label: cost ? "Caching cost" : "Caching saved",
      value: formatCostExactly(Math.abs(r.cacheSavedPicoUSD)) + (cost ? " more than it saved" : ""),
    });
  }
  return facts;
}
