import { Button } from "@mantine/core";
import { IconKey, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { api, type Budget, type Key } from "../../api";
import { formatAgo, formatDate, formatMoment } from "../../lib/time";
import { budgets, moodOf, rateText } from "../../state/budgets";
import { keys } from "../../state/lists";
import { useResource } from "../../state/resource";
import { go } from "../../state/route";
import { AllowMore } from "../../ui/AllowMore";
import { Confirm } from "../../ui/Confirm";
import { Mood, type Tone } from "../../ui/Dot";
import { Page } from "../../ui/Page";
import { SpentBar } from "../../ui/SpentBar";
import { Empty, ErrorNote, Loading } from "../../ui/States";
import tables from "../../ui/Table.module.css";
import { useNow } from "../../ui/useNow";
import classes from "./Keys.module.css";
import { NewKeyDialog } from "./NewKeyDialog";
import { RateDialog } from "./RateDialog";

/** All keys; the item "new" opens the form for one more. */
export default function KeysPage({ item }: { item: string }) {
  const { data, error } = useResource(keys);
  const now = useNow();
  const [revoking, setRevoking] = useState<Key | null>(null);
  const [limiting, setLimiting] = useState<Key | null>(null);
  const [raising, setRaising] = useState<Budget | null>(null);
  const spending = useResource(budgets);
  const create = (
    <Button leftSection={<IconPlus size={15} />} onClick={() => go("keys", "new")}>
      New key
    </Button>
  );
  return (
    <Page
      title="Keys"
      description="Editors and agents show one of these to the endpoint. They are worth nothing anywhere else; only a hash is kept."
      wide
      actions={create}
    >
      {error && (
        <ErrorNote title="The keys can't be listed" message={error} retry={() => void keys.reload()} />
      )}
      {!data && !error && <Loading what="keys" rows={4} />}
      {data?.keys.length === 0 && (
        <Empty icon={<IconKey size={22} />} title="No keys yet">
          Make one for each editor or project, so that the usage history tells them apart.
        </Empty>
      )}
      {data && data.keys.length > 0 && (
        <div className={tables.box}>
          <table className={tables.table} data-lines>
            <caption className="visually-hidden">API keys, newest first</caption>
            <thead>
              <tr>
                <th>Name</th>
                <th className={classes.roomy}>Key</th>
                <th>Project</th>
                <th>Models</th>
                <th>Budget</th>
                <th>Rate limits</th>
                <th className={classes.roomiest}>Created</th>
                <th>Last used</th>
                <th>Expires</th>
                <th>State</th>
                <th className={tables.actions}>
                  <span className="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {data.keys.map(key => (
                <Row
                  key={key.id}
                  of={key}
                  budget={budgetOfKey(spending.data?.budgets ?? [], key)}
                  now={now}
                  onAllow={setRaising}
                  onLimit={() => setLimiting(key)}
                  onRevoke={() => setRevoking(key)}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {limiting && <RateDialog of={limiting} onClose={() => setLimiting(null)} />}
      {raising && (
        <AllowMore
          opened
          name={raising.name}
          text={raising.text}
          unit={raising.unit}
          until={raising.resetsAt ? `until ${formatMoment(raising.resetsAt)}` : "until you remove the budget"}
          onAllow={amount => api.call("budgets.allow", { budget: raising.name, amount })}
          onClose={() => setRaising(null)}
        />
      )}
      <NewKeyDialog opened={item === "new"} onClose={() => go("keys")} />
      <Confirm
        opened={revoking !== null}
        title={`Revoke “${revoking?.name ?? ""}”?`}
        confirm="Revoke"
        onClose={() => setRevoking(null)}
        onConfirm={() => api.call("keys.revoke", { key: revoking?.id ?? "" })}
      >
        The next request with it is refused. This can't be taken back.
      </Confirm>
    </Page>
  );
}

/** The budget that is over one key alone. */
function budgetOfKey(all: Budget[], key: Key): Budget | undefined {
  return all.find(b => b.key.replace(/\\(.)/g, "$1") === key.name && !b.project && !b.model && !b.tag);
}

function Spent({ of: budget, onAllow }: { of: Budget; onAllow(): void }) {
  const { tone } = moodOf(budget);
  return (
    <div className={classes.spent}>
      <div>
        <SpentBar
          label={`Spent of ${budget.name}`}
          text={budget.text}
          spent={budget.spent}
          reserved={budget.reserved}
          most={budget.limit + budget.allowed}
          tone={tone}
        />
        <span>{budget.text}</span>
      </div>
      {tone !== "good" && (
        <Button
          size="compact-xs"
          variant="default"
          onClick={onAllow}
          aria-label={`Allow more of ${budget.name}`}
        >
          Allow more
        </Button>
      )}
    </div>
  );
}

function stateOf(key: Key, now: Date): { tone: Tone; text: string } {
  if (key.revokedAt) return { tone: "quiet", text: "Revoked" };
  if (key.expiresAt && new Date(key.expiresAt) <= now) return { tone: "warn", text: "Expired" };
  return { tone: "good", text: "Valid" };
}

interface RowProps {
  of: Key;
  budget: Budget | undefined;
  now: Date;
  onAllow(budget: Budget): void;
  onLimit(): void;
  onRevoke(): void;
}

function Row({ of: key, budget, now, onAllow, onLimit, onRevoke }: RowProps) {
  const state = stateOf(key, now);
  return (
    <tr className={key.revokedAt ? classes.over : undefined}>
      <td className={classes.name} title={key.name}>
        {key.name}
      </td>
      <td className={classes.roomy}>
        <code className="mono">{key.hint}</code>
      </td>
      <td className={classes.project} title={key.project}>
        {key.project || "–"}
      </td>
      <td className={classes.models} title={key.models.join(", ")}>
        {key.models.length === 0 ? "All" : key.models.join(", ")}
      </td>
      <td>{budget && !key.revokedAt ? <Spent of={budget} onAllow={() => onAllow(budget)} /> : "–"}</td>
      <td>
        {key.revokedAt ? (
          "–"
        ) : (
          <Button
            size="compact-xs"
            variant="subtle"
            onClick={onLimit}
            aria-label={`Rate limits of ${key.name}: ${rateText(key)}`}
          >
            {rateText(key)}
          </Button>
        )}
      </td>
      <td className={classes.roomiest} title={formatMoment(key.createdAt)}>
        {formatDate(key.createdAt)}
      </td>
      <td title={key.lastUsedAt ? formatMoment(key.lastUsedAt) : undefined}>
        {key.lastUsedAt ? formatAgo(key.lastUsedAt, now) : "Never"}
      </td>
      <td title={key.expiresAt ? formatMoment(key.expiresAt) : undefined}>
        {key.expiresAt ? formatAgo(key.expiresAt, now) : "Never"}
      </td>
      <td>
        <Mood tone={state.tone}>{state.text}</Mood>
      </td>
      <td className={tables.actions}>
        {!key.revokedAt && (
          <Button size="compact-xs" variant="default" onClick={onRevoke} aria-label={`Revoke ${key.name}`}>
            Revoke
          </Button>
        )}
      </td>
    </tr>
  );
}
