import { ActionIcon, Tooltip } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { api, type ComparisonList, type ComparisonSummary } from "../../api";
import { plural } from "../../lib/numbers";
import { formatAgo } from "../../lib/time";
import { comparisons } from "../../state/compare";
import type { Loaded } from "../../state/resource";
import { routeHash } from "../../state/route";
import { attempt } from "../../ui/notify";
import { Panel } from "../../ui/Page";
import { Empty, ErrorNote, Loading } from "../../ui/States";
import { notifyDeleted } from "../../ui/undo";
import { useNow } from "../../ui/useNow";
import classes from "./Compare.module.css";

/** The comparisons made before. */
export function Past({ list }: { list: Loaded<ComparisonList> }) {
  const now = useNow();
  const found = list.data?.comparisons ?? [];
  return (
    <Panel title="Made before" flush>
      {list.error && (
        <ErrorNote
          title="The comparisons can't be listed"
          message={list.error}
          retry={() => void comparisons.reload()}
        />
      )}
      {!list.data && !list.error && <Loading what="comparisons" rows={2} height={44} />}
      {list.data && found.length === 0 && (
        <Empty title="None yet">They are kept here, on this machine.</Empty>
      )}
      <ul className={classes.past}>
        {found.map(c => (
          <li key={c.id}>
            <a href={routeHash("compare", c.id)}>
              <span className={classes.pastTitle} dir="auto">
                {c.title}
              </span>
              <span className={classes.faint}>
                {formatAgo(c.createdAt, now)} · {plural(c.prompts, "prompt")} · {c.models.join(", ")} ·{" "}
                {stateOf(c)}
              </span>
            </a>
            <Tooltip label="Delete">
              <ActionIcon
                variant="subtle"
                color="gray"
                c="dimmed"
                aria-label={`Delete ${c.title}`}
                onClick={() => void remove(c)}
              >
                <IconTrash size={15} />
              </ActionIcon>
            </Tooltip>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function stateOf(c: ComparisonSummary): string {
  return c.state === "running" ? `${c.ended} of ${c.prompts * c.models.length} answered` : c.state;
}

async function remove(c: ComparisonSummary) {
  const done = await attempt("Deleting the comparison failed", () =>
    api.call("compare.delete", { comparison: c.id }),
  );
  if (!done) return;
  notifyDeleted("comparison", c.title, () => api.call("compare.restore", { comparison: c.id }));
}
