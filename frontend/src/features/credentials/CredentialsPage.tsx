import { Button, Group } from "@mantine/core";
import { IconCheck, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { api, type Credential, type CredentialTest } from "../../api";
import { safeLink } from "../../lib/links";
import { sentences } from "../../lib/text";
import { formatAgo, formatDuration, formatMoment } from "../../lib/time";
import { keychainText, saveAndTest, sourceText } from "../../state/credentials";
import { credentials } from "../../state/lists";
import { useResource } from "../../state/resource";
import { useStatus } from "../../state/session";
import { announce } from "../../ui/announce";
import { Confirm } from "../../ui/Confirm";
import { Mood } from "../../ui/Dot";
import { Page, Panel } from "../../ui/Page";
import { SecretForm } from "../../ui/SecretForm";
import { ErrorNote, Loading } from "../../ui/States";
import { useNow } from "../../ui/useNow";
import { useTask } from "../../ui/useTask";
import classes from "./Credentials.module.css";

export default function CredentialsPage() {
  const { data, error } = useResource(credentials);
  const { keychain } = useStatus();
  const state = keychainText(keychain);
  const usable = keychain.state === "ok";
  return (
    <Page
      title="Credentials"
      description="What Gatehouse shows to the providers. Secrets are kept in this system's keychain only, never in a file of ours."
    >
      <Panel title="Providers" aside={<Mood tone={state.tone}>{state.text}</Mood>} flush>
        {!usable && keychain.state !== "checking" && (
          <p className={classes.keychain}>{sentences(keychain.reason, keychain.advice)}</p>
        )}
        {error && (
          <div className={classes.pad}>
            <ErrorNote
              title="The credentials can't be listed"
              message={error}
              retry={() => void credentials.reload()}
            />
          </div>
        )}
        {!data && !error && (
          <div className={classes.pad}>
            <Loading what="credentials" rows={5} height={46} />
          </div>
        )}
        <ul className={classes.list}>
          {data?.credentials.map(credential => (
            <li key={credential.provider}>
              <Provider credential={credential} usable={usable} />
            </li>
          ))}
        </ul>
      </Panel>
    </Page>
  );
}

function Provider({ credential, usable }: { credential: Credential; usable: boolean }) {
  const [editing, setEditing] = useState(false);
  const [removing, setRemoving] = useState(false);
  const testing = useTask();
  const { provider, providerName, source } = credential;
  const name = providerName || provider;
  const state = sourceText(credential);
  const keysUrl = safeLink(credential.keysUrl);
  const set = source === "keychain" || source === "environment";
  const test = () =>
    testing.run(async () => {
      const result = await api.call("credentials.test", { provider });
      announce(`${name}: ${result.message || (result.ok ? "accepted" : "not accepted")}`);
    });
  return (
    <section className={classes.provider} aria-label={name}>
      <div className={classes.row}>
        <div className={classes.who}>
          <h3>{name}</h3>
          <span className={classes.faint}>{credential.baseUrl || provider}</span>
        </div>
        <Mood tone={state.tone}>{state.text}</Mood>
        <Group gap={6} wrap="nowrap" justify="flex-end" className={classes.buttons}>
          {(set || source === "not needed") && (
            <Button
              size="compact-sm"
              variant="default"
              loading={testing.busy}
              onClick={() => void test()}
              aria-label={`Test ${name}`}
            >
              Test
            </Button>
          )}
          {source !== "not needed" && (
            <Button
              size="compact-sm"
              variant={set ? "default" : "light"}
              aria-expanded={editing}
              onClick={() => setEditing(!editing)}
              aria-label={`${source === "keychain" ? "Replace" : "Add"} the credential of ${name}`}
            >
              {source === "keychain" ? "Replace" : "Add"}
            </Button>
          )}
          {source === "keychain" && (
            <Button
              size="compact-sm"
              variant="subtle"
              color="red"
              onClick={() => setRemoving(true)}
              aria-label={`Remove the credential of ${name}`}
            >
              Remove
            </Button>
          )}
        </Group>
      </div>
      {testing.error && <ErrorNote title="The test did not run" message={testing.error} />}
      {credential.test && !testing.busy && <TestResult test={credential.test} />}
      {editing && (
        <div className={classes.form}>
          <SecretForm
            label={`API key for ${name}`}
            description={
              usable
                ? `Goes to this system's keychain.${credential.variable ? ` ${credential.variable} is read from the environment otherwise.` : ""}`
                : `It can't be stored without a keychain.${credential.variable ? ` Set ${credential.variable} in the environment instead.` : ""}`
            }
            action="Save and test"
            disabled={!usable}
            onCancel={() => setEditing(false)}
            onSave={async secret => {
              await saveAndTest(provider, secret);
              setEditing(false);
            }}
          />
          {keysUrl && (
            <a className={classes.link} href={keysUrl} target="_blank" rel="noopener noreferrer">
              Get an API key from {name}
            </a>
          )}
        </div>
      )}
      <Confirm
        opened={removing}
        title={`Remove the credential of ${name}?`}
        confirm="Remove"
        onClose={() => setRemoving(false)}
        onConfirm={() => api.call("credentials.remove", { provider })}
      >
        It is taken out of the keychain. Requests to {name} fail until there is another one.
      </Confirm>
    </section>
  );
}

function TestResult({ test }: { test: CredentialTest }) {
  const now = useNow();
  const Icon = test.ok ? IconCheck : IconX;
  const details = [
    test.status > 0 ? `HTTP ${test.status}` : "",
    formatDuration(test.durationMs),
    formatAgo(test.at, now),
  ].filter(Boolean);
  return (
    <div className={classes.test} data-ok={test.ok || undefined}>
      <Icon size={15} aria-hidden />
      <span>{test.message || (test.ok ? "Accepted." : "Not accepted.")}</span>
      <span className={classes.faint} title={formatMoment(test.at)}>
        {details.join(" · ")}
      </span>
    </div>
  );
}
