import { Button, SegmentedControl } from "@mantine/core";
import { IconList } from "@tabler/icons-react";
import { useState } from "react";
import type { UsagePrefixes, UsagePrefixGroup, UsagePrefixSums } from "../../api";
import { formatCost, formatCostExactly } from "../../lib/money";
import { formatCount, plural } from "../../lib/numbers";
import { useResource } from "../../state/resource";
import { go } from "../../state/route";
import { prefixes } from "../../state/trust";
import tables from "../../ui/Table.module.css";
import { withUnknown } from "./figures";
import { placeName } from "./prefix";
import classes from "./Usage.module.css";
import { groupName, showRequests } from "./views";

const KINDS = [
  { value: "places", label: "Broken at" },
  { value: "clients", label: "Client" },
  { value: "conversations", label: "Conversation" },
] as const;
type Kind = (typeof KINDS)[number]["value"];

/** Where conversations did not go on as they began, so that no cache could have the rest. Nothing where all did. */
export function Prefixes() {
  const { data } = useResource(prefixes);
  if (!data || data.sums.requests === 0) return null;
  return <Shown data={data} />;
}

function Shown({ data }: { data: UsagePrefixes }) {
  const [kind, setKind] = useState<Kind>("places");
  const label = KINDS.find(k => k.value === kind)?.label;
  return (
    <section aria-label="Broken prefixes" className={classes.groups}>
      <h2 className={classes.sectionTitle}>Broken prefixes</h2>
      <p className={classes.faint}>
        {plural(data.sums.requests, "request")} did not begin as the one before in the conversation: about{" "}
        {formatCount(data.sums.tokens)} tokens were read anew that a cache could have had, which cost{" "}
        {costText(data.sums)} more. {data.partial && "Older ones are not counted."}
      </p>
      <div className={classes.controls}>
        <SegmentedControl
          size="xs"
          value={kind}
          onChange={value => setKind(value as Kind)}
          data={[...KINDS]}
          aria-label="Broken prefixes by"
        />
        <Button
          size="compact-xs"
          variant="subtle"
          leftSection={<IconList size={13} />}
          onClick={() => showRequests({ broken: true })}
        >
          Show the requests
        </Button>
      </div>
      <div className={tables.box} tabIndex={0} role="region" aria-label={`Broken prefixes by ${kind}`}>
        <table className={tables.table} data-dense>
          <caption className="visually-hidden">Broken prefixes by {kind}</caption>
          <thead>
            <tr>
              <th>{label}</th>
              <th className={tables.right}>Requests</th>
              <th className={tables.right} title="About how many a cache could have had">
                Read anew
              </th>
              <th className={tables.right} title="More than reading them from a cache">
                Cost
              </th>
              <th>Latest</th>
            </tr>
          </thead>
          <tbody>
            {data[kind].map(group => (
              <Row key={group.name} group={group} name={nameOf(kind, group)} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Row({ group: g, name }: { group: UsagePrefixGroup; name: string }) {
  return (
    <tr>
      <td className={classes.name}>{name}</td>
      <td className={tables.right}>{formatCount(g.sums.requests)}</td>
      <td
        className={tables.right}
        title={g.sums.estimated > 0 ? `estimated for ${g.sums.estimated}` : undefined}
      >
        {formatCount(g.sums.tokens)}
      </td>
      <td className={tables.right} title={formatCostExactly(g.sums.costPicoUSD)}>
        {costText(g.sums)}
      </td>
      <td>
        <button
          type="button"
          className={classes.link}
          title="Show this request"
          onClick={() => go("usage", g.last)}
        >
          <code className="mono">{g.last}</code>
        </button>
      </td>
    </tr>
  );
}

function costText(sums: UsagePrefixSums): string {
  return withUnknown(formatCost(sums.costPicoUSD), sums.unknownCost);
}

function nameOf(kind: Kind, g: UsagePrefixGroup): string {
  if (kind === "places") return placeName(g.name);
  if (kind === "conversations") return `${groupName(g.name)}${g.client && ` (${g.client})`}`;
  return groupName(g.name);
}
