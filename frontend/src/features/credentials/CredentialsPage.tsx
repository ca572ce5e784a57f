import { ActionIcon, Button, Group, TextInput } from "@mantine/core";
import { IconCheck, IconRefresh, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { api, type Credential, type CredentialTest } from "../../api";
import { safeLink } from "../../lib/links";
import { sentences } from "../../lib/text";
import { formatAgo, formatDuration, formatMoment } from "../../lib/time";
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
import { useStatus } from "../../state/session";
import { useBalances } from "../../state/useBalances";
import { announce } from "../../ui/announce";
import { Confirm } from "../../ui/Confirm";
import { Mood } from "../../ui/Dot";
import { FallbackChoice } from "../../ui/FallbackChoice";
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
  useBalances(data);
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
          {byProvider(data?.credentials ?? []).map(all => (
            <li key={all[0]?.provider}>
              <Provider all={all} usable={usable} fallback={data?.gatewayFallback ?? true} />
            </li>
          ))}
        </ul>
      </Panel>
      {data && (
        <Panel title="Telemetry" flush>
          <p className={classes.note}>
            What traces and metrics are sent with, where settings name a collector that wants a secret.
          </p>
          <Provider all={[data.collector]} usable={usable} fallback={false} single />
        </Panel>
      )}
    </Page>
  );
}

/** Puts each provider's credentials together, in the order in which they come. */
function byProvider(list: Credential[]): Credential[][] {
  const out = new Map<string, Credential[]>();
  for (const c of list) out.set(c.provider, [...(out.get(c.provider) ?? []), c]);
  return [...out.values()];
}

/** One provider with all of its credentials, and the place to add one. */
function Provider({
  all,
  usable,
  fallback,
  single = false,
}: {
  all: Credential[];
  usable: boolean;
  fallback: boolean;
  /** There is one at most, and it is no provider's. */
  single?: boolean;
}) {
  const [form, setForm] = useState<{ name: string; fresh: boolean } | null>(null);
  const [first] = all;
  if (!first) return null;
  const title = first.providerName || first.provider;
  const named = all.some(c => c.name);
  // The one without a name is left out where there are others instead.
  const shown = all.filter(c => c.name || !named || isSet(c) || c.expiresAt);
  return (
    <section className={classes.provider} aria-label={title}>
      {shown.map((credential, at) => (
        <Row
          key={credential.name}
          credential={credential}
          first={at === 0}
          named={named}
          single={single}
          editing={form !== null && !form.fresh && form.name === credential.name}
          onEdit={() => setForm(form ? null : { name: credential.name, fresh: false })}
        />
      ))}
      {!form && !single && (named || isSet(first)) && (
        <Button
          size="compact-xs"
          variant="subtle"
          className={classes.another}
          onClick={() => setForm({ name: "", fresh: true })}
          aria-label={`Add another credential for ${title}`}
        >
          Add another
        </Button>
      )}
      {form && (
        <CredentialForm
          provider={first}
          name={form.name}
          fresh={form.fresh}
          taken={all.map(c => c.name || DEFAULT)}
          usable={usable}
          fallback={fallback}
          single={single}
          onClose={() => setForm(null)}
        />
      )}
    </section>
  );
}

/** What the credential without a name is called among others. */
const DEFAULT = "default";

interface RowProps {
  credential: Credential;
  first: boolean;
  named: boolean;
  single: boolean;
  editing: boolean;
  onEdit(): void;
}

function Row({ credential, first, named, single, editing, onEdit }: RowProps) {
  const [removing, setRemoving] = useState(false);
  const testing = useTask();
  const { provider, providerName, name, source } = credential;
  const title = titleOf(credential);
  const state = sourceText(credential);
  const set = isSet(credential);
  const replaces = source === "keychain" || name !== "";
  const test = () =>
    testing.run(async () => {
      const result = await api.call("credentials.test", { provider, name });
      announce(`${title}: ${result.message || (result.ok ? "accepted" : "not accepted")}`);
    });
  return (
    <>
      <div className={classes.row}>
        <div className={classes.who}>
          {first && <h3>{providerName || provider}</h3>}
          <span className={classes.faint}>{named ? name || DEFAULT : credential.baseUrl || provider}</span>
          {credential.file && (
            <span className={classes.faint} title={credential.file}>
              {credential.file}
            </span>
          )}
        </div>
        <Mood tone={state.tone}>{state.text}</Mood>
        <Group gap={6} justify="flex-end" className={classes.buttons}>
          {(set || single || source === "not needed") && (
            <Button
              size="compact-sm"
              variant="default"
              loading={testing.busy}
              onClick={() => void test()}
              aria-label={`Test ${title}`}
            >
              Test
            </Button>
          )}
          {source !== "not needed" && (
            <Button
              size="compact-sm"
              variant={set ? "default" : "light"}
              aria-expanded={editing}
              onClick={onEdit}
              aria-label={`${replaces ? "Replace" : "Add"} the credential of ${title}`}
            >
              {replaces ? "Replace" : "Add"}
            </Button>
          )}
          {(source === "keychain" || name) && (
            <Button
              size="compact-sm"
              variant="subtle"
              color="red"
              onClick={() => setRemoving(true)}
              aria-label={`Remove the credential of ${title}`}
            >
              Remove
            </Button>
          )}
        </Group>
      </div>
      {testing.error && <ErrorNote title="The test did not run" message={testing.error} />}
      {credential.test && !testing.busy && <TestResult test={credential.test} />}
      {credential.balance && <Balance credential={credential} />}
      <Confirm
        opened={removing}
        title={`Remove the credential of ${title}?`}
        confirm="Remove"
        onClose={() => setRemoving(false)}
        onConfirm={() => api.call("credentials.remove", { provider, name })}
      >
        It is taken out of the keychain. What needs it fails until there is another one.
      </Confirm>
    </>
  );
}

interface FormProps {
  provider: Credential;
  name: string;
  /** A further credential, which needs a name. */
  fresh: boolean;
  /** The names there are. */
  taken: string[];
  usable: boolean;
  fallback: boolean;
  single: boolean;
  onClose(): void;
}

function CredentialForm({ provider, name, fresh, taken, usable, fallback, single, onClose }: FormProps) {
  const [chosen, setChosen] = useState("");
  const [mayAnswer, setMayAnswer] = useState(fallback);
  const keysUrl = safeLink(provider.keysUrl);
  const title = provider.providerName || provider.provider;
  const hosted = provider.provider === HOSTED;
  const problem = fresh && chosen ? nameProblem(chosen, taken) : "";
  const variable = !fresh && !name ? provider.variable : "";
  return (
    <div className={classes.form}>
      {fresh && (
        <TextInput
          label="Name"
          description="Tells it from the others, in the usage history too, for example work"
          value={chosen}
          onChange={event => setChosen(event.currentTarget.value.trim())}
          error={problem}
          spellCheck={false}
        />
      )}
      <SecretForm
        label={single ? `Secret for the ${title}` : `API key for ${title}${name ? ` (${name})` : ""}`}
        description={
          usable
            ? `Goes to this system's keychain.${variable ? ` ${variable} is read from the environment otherwise.` : ""}`
            : `It can't be stored without a keychain.${variable ? ` Set ${variable} in the environment instead.` : ""}`
        }
        action="Save and test"
        disabled={!usable || (fresh && (!chosen || problem !== ""))}
        onCancel={onClose}
        onSave={async secret => {
          await saveAndTest(provider.provider, fresh ? chosen : name, secret, hosted ? mayAnswer : null);
          onClose();
        }}
      >
        {hosted && <FallbackChoice value={mayAnswer} onChange={setMayAnswer} />}
      </SecretForm>
      {keysUrl && (
        <a className={classes.link} href={keysUrl} target="_blank" rel="noopener noreferrer">
          Get an API key from {title}
        </a>
      )}
    </div>
  );
}

function nameProblem(name: string, taken: string[]): string {
  if (taken.includes(name)) return "There is one of this name; replace that one instead";
  return /^[a-z0-9][a-z0-9._-]{0,63}$/.test(name) ? "" : "Use small letters, digits, '.', '_' and '-'";
}

/** What is left of the account, as of when the provider said so. */
function Balance({ credential }: { credential: Credential }) {
  const now = useNow();
  const asking = useTask();
  const { provider, name, balance } = credential;
  const title = titleOf(credential);
  const problem = asking.error || balance?.problem;
  const ask = () =>
    asking.run(async () => {
      const { balance } = await api.call("credentials.balance", { provider, name });
      announce(`${title}: ${balance?.text ? `${balance.text} left` : balance?.problem || "balance unknown"}`);
    });
  return (
    <div className={classes.balance}>
      <span title={balance?.at ? formatMoment(balance.at) : undefined}>{balanceText(credential, now)}</span>
      <ActionIcon
        size="xs"
        variant="subtle"
        color="gray"
        loading={asking.busy}
        onClick={() => void ask()}
        aria-label={`Ask again what is left of ${title}`}
      >
        <IconRefresh size={13} aria-hidden />
      </ActionIcon>
      {problem && <span className={classes.faint}>{problem}</span>}
    </div>
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
