import { IconAlertTriangle } from "@tabler/icons-react";
import type { ModelDetail, ModelOffer } from "../../api";
import { formatTokenPrice } from "../../lib/money";
import { formatSize } from "../../lib/numbers";
import { show } from "./commands";
import classes from "./Models.module.css";

/** Who serves a model, and at what price. */
export function Offers({ detail }: { detail: ModelDetail }) {
  if (detail.offers.length === 0) return null;
  return (
    <section aria-label="Served by">
      <h3>Served by</h3>
      {detail.offersProblem && (
        <p className={classes.note}>
          <IconAlertTriangle size={13} aria-hidden /> The hosted gateway did not say who serves it:{" "}
          {detail.offersProblem}
        </p>
      )}
      <div className={classes.scrolls}>
        <table className={classes.small}>
          <thead>
            <tr>
              <th scope="col">Provider</th>
              <th scope="col">Context</th>
              <th scope="col">Input</th>
              <th scope="col">Output</th>
              <th scope="col">Cache read</th>
              <th scope="col">Cache write</th>
            </tr>
          </thead>
          <tbody>
            {detail.offers.map(offer => (
              <tr key={`${offer.provider} ${offer.id}`}>
                <th scope="row">
                  <Name
                    offer={offer}
                    here={offer.id === detail.entry.id && offer.provider === detail.entry.provider}
                  />
                </th>
                <td>{formatSize(offer.contextWindow)}</td>
                <td>{formatTokenPrice(offer.inputPicoUSD)}</td>
                <td>{formatTokenPrice(offer.outputPicoUSD)}</td>
                <td>{formatTokenPrice(offer.cacheReadPicoUSD)}</td>
                <td>{formatTokenPrice(offer.cacheWritePicoUSD)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className={classes.note}>USD per million tokens.</p>
    </section>
  );
}

function Name({ offer, here }: { offer: ModelOffer; here: boolean }) {
  const state = offer.usable ? "" : offer.hosted ? "through the hosted gateway" : "no credential";
  return (
    <>
      {here || !offer.id ? (
        offer.providerName
      ) : (
        <button type="button" className={classes.open} onClick={() => show(offer)}>
          {offer.providerName}
        </button>
      )}
      {(state || !here) && (
        <span className={classes.state}>{[state, here ? "" : offer.id].filter(Boolean).join(" · ")}</span>
      )}
    </>
  );
}
