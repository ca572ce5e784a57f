import { IconChartBar } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { askReport, report } from "../../state/report";
import { useResource } from "../../state/resource";
import { type Dimension, scope } from "../../state/scope";
import { useStore } from "../../state/store";
import { Empty, ErrorNote, Loading } from "../../ui/States";
import { BudgetLine } from "./BudgetLine";
import { Drift } from "./Drift";
import { Groups } from "./Groups";
import { Prefixes } from "./Prefixes";
import { Tiles } from "./Tiles";
import { TimeChart } from "./TimeChart";
import classes from "./Usage.module.css";

/** The sums of a scope, how they went over time, and who they are made of. */
export function Overview() {
  const s = useStore(scope);
  const [by, setBy] = useState<Dimension>("model");
  // The words of a search are the log's; a report counts by names.
  useEffect(() => askReport({ ...s, text: "" }, by), [s, by]);
  const { data, error, loading } = useResource(report);
  const shown = data?.report ?? null;
  return (
    <div className={classes.overview} aria-busy={loading}>
      {error && (
        <ErrorNote
          title="The usage history can't be read"
          message={error}
          retry={() => void report.reload()}
        />
      )}
      <BudgetLine />
      {!data && !error && <Loading what="usage" rows={6} height={64} />}
      {data && shown && shown.totals.requests === 0 && (
        <Empty icon={<IconChartBar size={22} />} title="No requests in this range">
          They appear here as soon as an editor or the chat asks for something.
        </Empty>
      )}
      {data && shown && shown.totals.requests > 0 && (
        <>
          <Tiles now={shown.totals} before={shown.previous} change={shown.change} />
          <TimeChart data={data} />
          <Groups report={shown} by={data.by} onBy={setBy} />
          <Prefixes />
          <Drift />
        </>
      )}
    </div>
  );
}
