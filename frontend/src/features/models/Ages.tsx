import { Button, Popover } from "@mantine/core";
import { IconAlertTriangle, IconClock } from "@tabler/icons-react";
import type { Catalog, ListAge } from "../../api";
import { formatCount } from "../../lib/numbers";
import { formatAgo, formatDate, formatMoment } from "../../lib/time";
import { useNow } from "../../ui/useNow";
import classes from "./Models.module.css";

/** Says how old the lists are that the models are from, and which could not be renewed. */
export function Ages({ catalog }: { catalog: Catalog }) {
  const now = useNow();
  const remote = catalog.lists.filter(list => list.at !== null && list.models > 0);
  const oldest = remote.map(list => list.at ?? "").sort()[0];
  const failing = catalog.lists.some(list => list.problem);
  return (
    <Popover position="bottom-end" width={460} withArrow trapFocus returnFocus>
      <Popover.Target>
        <Button
          size="compact-xs"
          variant="subtle"
          color="gray"
          c={failing ? "var(--warn)" : "var(--ink-soft)"}
          leftSection={failing ? <IconAlertTriangle size={13} /> : <IconClock size={13} />}
        >
          {oldest ? `Lists as of ${formatAgo(oldest, now)}` : "Where this is from"}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Where this is from">
        <table className={classes.ages}>
          <caption>Providers' own lists</caption>
          <tbody>
            {catalog.lists.map(list => (
              <tr key={list.provider}>
                <th scope="row">{list.providerName}</th>
                <td className="numbers">{formatCount(list.models)}</td>
                <td title={list.at ? formatMoment(list.at) : undefined}>
                  {list.at ? formatAgo(list.at, now) : "never"}
                  {list.public && ", public"}
                  {list.problem && <Problem list={list} now={now} />}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        <table className={classes.ages}>
          <caption>Came with Gatehouse</caption>
          <tbody>
            {catalog.shipped.map(origin => (
              <tr key={origin.by}>
                <th scope="row">{origin.by}</th>
                <td>{origin.at && formatDate(origin.at)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Popover.Dropdown>
    </Popover>
  );
}

function Problem({ list, now }: { list: ListAge; now: Date }) {
  return (
    <div className={classes.problem}>
      {list.problem}
      {list.next && ` Asked again ${formatAgo(list.next, now)}.`}
    </div>
  );
}
