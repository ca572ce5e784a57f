import { Button } from "@mantine/core";
import { IconDice3 } from "@tabler/icons-react";
import type { RouteQuery } from "../../api";
import { NOBODY, routeCommand } from "../../state/routing";
import { useStatus } from "../../state/session";
import { CopyBlock } from "../../ui/Copy";
import { Panel } from "../../ui/Page";
import { ErrorNote, Loading } from "../../ui/States";
import { useKept } from "./kept";
import { QueryFields } from "./QueryFields";
import { RouteView } from "./RouteView";
import classes from "./Routing.module.css";
import { useDryRun } from "./useDryRun";

/** Shows what would be tried for a request, without sending one. */
export function DryRun() {
  const { activeModel } = useStatus();
  const [query, setQuery] = useKept<RouteQuery>("dry-run", () => ({ ...NOBODY, model: activeModel }));
  const asked = { ...query, model: query.model.trim() };
  const { route, error, again } = useDryRun(asked.model ? asked : null);
  return (
    <div className={classes.sides}>
      <Panel title="The request">
        <QueryFields value={query} onChange={setQuery} />
      </Panel>
      <Panel
        title="What would be tried"
        aside={
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconDice3 size={15} />}
            onClick={again}
            title="Weights and rollouts leave some of it to chance"
          >
            Ask again
          </Button>
        }
      >
        <div className={classes.stack} aria-live="polite">
          {error && <ErrorNote title="This can't be decided" message={error} />}
          {!asked.model && <p className={classes.soft}>Name a model.</p>}
          {asked.model && !route && !error && <Loading what="decision" rows={3} />}
          {route && <RouteView route={route} />}
        </div>
        {route && (
          <div className={classes.command}>
            <h3 className={classes.small}>The same on the command line</h3>
            <CopyBlock text={routeCommand(asked)} what="command" />
          </div>
        )}
      </Panel>
    </div>
  );
}
