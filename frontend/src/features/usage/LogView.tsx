import { Button } from "@mantine/core";
import { IconArrowUp, IconChartBar } from "@tabler/icons-react";
import { useEffect, useRef } from "react";
import { plural } from "../../lib/numbers";
import { log, reload, showWaiting, watchLog } from "../../state/log";
import { totalRows } from "../../state/pages";
import { isNarrowed, scope } from "../../state/scope";
import { useStore } from "../../state/store";
import { Empty, ErrorNote, Loading } from "../../ui/States";
import { ExportMenu } from "./ExportMenu";
import { LogTable } from "./LogTable";
import classes from "./Usage.module.css";

/** The requests of the scope, newest first, live. */
export function LogView() {
  const state = useStore(log);
  const s = useStore(scope);
  const scroller = useRef<HTMLDivElement>(null);
  useEffect(() => watchLog(), []);
  const rows = totalRows(state.pages);
  return (
    <>
      <div className={classes.bar}>
        <span role="status" className={classes.faint}>
          {state.loaded && (state.next ? `The newest ${plural(rows, "request")}` : plural(rows, "request"))}
          {state.loading && state.loaded && ", more are coming"}
        </span>
        {state.waiting.length > 0 && (
          <Button
            size="compact-xs"
            leftSection={<IconArrowUp size={13} />}
            onClick={() => {
              showWaiting();
              scroller.current?.scrollTo({ top: 0 });
            }}
          >
            {plural(state.waiting.length, "new request")}
          </Button>
        )}
        <ExportMenu />
      </div>
      {state.error && (
        <ErrorNote title="The usage history can't be read" message={state.error} retry={reload} />
      )}
      {!state.loaded && !state.error && <Loading what="requests" rows={9} height={34} />}
      {state.loaded && rows === 0 && !state.loading && (
        <Empty
          icon={<IconChartBar size={22} />}
          title={isNarrowed(s) ? "No request matches" : "No requests in this range"}
        >
          {isNarrowed(s)
            ? "Search for something else, or take a filter away."
            : "They appear here as soon as an editor or the chat asks for something."}
        </Empty>
      )}
      {rows > 0 && <LogTable pages={state.pages} total={rows} scroller={scroller} />}
    </>
  );
}
