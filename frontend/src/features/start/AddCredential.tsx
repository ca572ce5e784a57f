import { Select } from "@mantine/core";
import { useState } from "react";
import { safeLink } from "../../lib/links";
import { sentences } from "../../lib/text";
import {
  balanceText,
  HOSTED,
  isSet,
  keychainText,
  saveAndTest,
  sourceText,
  titleOf,
} from "../../state/credentials";
import { credentials } from "../../state/lists";
import { useResource } from "../../state/resource";
import { routeHash } from "../../state/route";
import { useStatus } from "../../state/session";
import { useBalances } from "../../state/useBalances";
import { announce } from "../../ui/announce";
import { Mood } from "../../ui/Dot";
import { FallbackChoice } from "../../ui/FallbackChoice";
import { SecretForm } from "../../ui/SecretForm";
import { ErrorNote, Loading } from "../../ui/States";
import { useNow } from "../../ui/useNow";
import classes from "./Start.module.css";

export function AddCredential() {
  const { data, error } = useResource(credentials);
  const { keychain } = useStatus();
  const [chosen, setChosen] = useState("");
  const [fallback, setFallback] = useState(true);
  const now = useNow();
  useBalances(data);
  if (error) {
    return (
      <ErrorNote
        title="The providers can't be listed"
        message={error}
        retry={() => void credentials.reload()}
      />
    );
  }
  if (!data) return <Loading what="providers" rows={2} />;

  const takers = data.credentials.filter(c => c.source !== "not needed" && !c.name);
  const found = data.credentials.filter(isSet);
  const provider = takers.find(c => c.provider === chosen) ?? takers[0];
  const hosted = provider?.provider === HOSTED;
  const state = keychainText(keychain);
  const usable = keychain.state === "ok";
  const keysUrl = safeLink(provider?.keysUrl);
  return (
    <>
      {found.length > 0 && (
        <ul className={classes.found}>
          {found.map(c => {
            const source = sourceText(c);
            return (
              <li key={`${c.provider}/${c.name}`}>
                <strong>{titleOf(c)}</strong>
                <Mood tone={source.tone}>{source.text}</Mood>
                {c.balance?.at && <span>{balanceText(c, now)}</span>}
                {c.test && (
                  <span className={c.test.ok ? classes.good : classes.bad}>
                    {c.test.message || (c.test.ok ? "Accepted." : "Not accepted.")}
                  </span>
                )}
              </li>
            );
          })}
        </ul>
      )}
      {provider && (
        <div className={classes.credential}>
          <Select
            label="Provider"
            description="Who gave you the API key"
            data={takers.map(c => ({ value: c.provider, label: c.providerName || c.provider }))}
            value={provider.provider}
            onChange={value => setChosen(value ?? "")}
            allowDeselect={false}
            searchable
          />
          <SecretForm
            key={provider.provider}
            label="API key"
            description={
              usable
                ? "Goes to this system's keychain, nowhere else"
                : "It can't be stored without a keychain"
            }
            action="Save and test"
            disabled={!usable}
            onSave={async secret => {
              await saveAndTest(provider.provider, "", secret, hosted ? fallback : null);
              announce(`Saved the credential of ${provider.providerName}.`);
            }}
          >
            {hosted && <FallbackChoice value={fallback} onChange={setFallback} />}
          </SecretForm>
        </div>
      )}
      <div className={classes.small}>
        <Mood tone={state.tone}>{state.text}</Mood>
        {!usable && keychain.state !== "checking" && <span>{sentences(keychain.reason)}</span>}
        {!usable && provider?.variable && (
          <span>Set {provider.variable} and start Gatehouse again instead.</span>
        )}
        {keysUrl && (
          <a href={keysUrl} target="_blank" rel="noopener noreferrer">
            Get an API key from {provider?.providerName || provider?.provider}
          </a>
        )}
        <a href={routeHash("credentials")}>All credentials</a>
      </div>
    </>
  );
}
