import { Button } from "@mantine/core";
import { IconHeartbeat } from "@tabler/icons-react";
import { useState } from "react";
import { api, type HealthEntry } from "../../api";
import { sentences } from "../../lib/text";
import { formatAgo, formatMoment } from "../../lib/time";
import { credentials } from "../../state/lists";
import { useResource } from "../../state/resource";
import { health, healthText } from "../../state/routing";
import { announce } from "../../ui/announce";
import { Mood } from "../../ui/Dot";
import { attempt } from "../../ui/notify";
import { Empty, ErrorNote, Loading } from "../../ui/States";
import tables from "../../ui/Table.module.css";
import { useNow } from "../../ui/useNow";
import classes from "./Routing.module.css";

const TICK_MS = 1000;

/** Everything that is not asked at the moment, why, and until when. */
export function Health() {
  const { data, error } = useResource(health);
  const entries = data?.entries ?? [];
  return (
    <div className={classes.stack}>
      <div className={classes.bar}>
        <p className={classes.soft}>
          Who failed too often, asked to be left alone or refused its credential is passed over until then.
        </p>
        {entries.length > 0 && <Reset provider="" name="everybody" label="Reset all" />}
      </div>
      {error && (
        <ErrorNote title="The health can't be shown" message={error} retry={() => void health.reload()} />
      )}
      {!data && !error && <Loading what="health" rows={3} />}
      {data && entries.length === 0 && (
        <Empty icon={<IconHeartbeat size={22} />} title="Everybody is well">
          No provider is limited or passed over, and no credential is set aside.
        </Empty>
      )}
      {entries.length > 0 && <Table entries={entries} />}
    </div>
  );
}

function Table({ entries }: { entries: HealthEntry[] }) {
  const now = useNow(TICK_MS);
  const list = useResource(credentials);
  const names = new Map((list.data?.credentials ?? []).map(c => [c.provider, c.providerName]));
  return (
    <div className={tables.box}>
      <table className={tables.table}>
        <caption className="visually-hidden">Providers, models and credentials that are not well</caption>
        <thead>
          <tr>
            <th>Provider</th>
            <th>Model</th>
            <th>State</th>
            <th>Why</th>
            <th>Until</th>
            <th className={tables.actions}>
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {entries.map(entry => {
            const { provider, credential, model, why, until } = entry;
            const state = healthText(entry);
            const name = names.get(provider) || provider;
            return (
              <tr key={`${provider} ${credential} ${model}`}>
                <td className={classes.strong}>
                  {name}
                  {credential && <span className={classes.faint}> ({credential})</span>}
                </td>
                <td>{model ? <code className="mono">{model}</code> : "All"}</td>
                <td>
                  <Mood tone={state.tone}>{state.text}</Mood>
                </td>
                <td className={classes.why}>{sentences(why) || "–"}</td>
                <td className={classes.plain} title={until ? formatMoment(until) : undefined}>
                  {until ? untilText(until, now) : "It changes"}
                </td>
                <td className={tables.actions}>
                  <Reset provider={provider} name={name} label="Reset" />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** Pauses are short: they are counted down by the second. */
function untilText(until: string, now: Date): string {
  const seconds = Math.ceil((new Date(until).getTime() - now.getTime()) / 1000);
  if (seconds <= 0) return "Now";
  return seconds < 60 ? `in ${seconds} s` : formatAgo(until, now);
}

function Reset({ provider, name, label }: { provider: string; name: string; label: string }) {
  const [busy, setBusy] = useState(false);
  return (
    <Button
      size="compact-xs"
      variant="default"
      loading={busy}
      aria-label={provider ? `Reset ${name}` : label}
      onClick={async () => {
        setBusy(true);
        const done = await attempt("Resetting failed", () => api.call("health.reset", { provider }));
        setBusy(false);
        if (done) announce(`What was held against ${name} is forgotten.`);
      }}
    >
      {label}
    </Button>
  );
}
