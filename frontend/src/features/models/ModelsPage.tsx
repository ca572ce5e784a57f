import { Button } from "@mantine/core";
import { IconCube, IconRefresh } from "@tabler/icons-react";
import { useMemo, useRef, useState } from "react";
import { api } from "../../api";
import { plural } from "../../lib/numbers";
import { catalog } from "../../state/lists";
import { ACTIVE } from "../../state/models";
import { useResource } from "../../state/resource";
import { useRoute } from "../../state/route";
import { useStatus } from "../../state/session";
import { Page } from "../../ui/Page";
import { Empty, ErrorNote, Loading } from "../../ui/States";
import { useTask } from "../../ui/useTask";
import { Ages } from "./Ages";
import { hide, shownBy } from "./commands";
import { FilterBar } from "./FilterBar";
import { EVERYTHING, filtered, type Sorting, sorted } from "./filter";
import { ModelDrawer } from "./ModelDrawer";
import classes from "./Models.module.css";
import { ModelTable, ROW_PX } from "./ModelTable";

export default function ModelsPage() {
  const { data, error } = useResource(catalog);
  const { activeModel } = useStatus();
  const { item } = useRoute();
  const [filters, setFilters] = useState({ ...EVERYTHING, usable: true });
  const [sorting, setSorting] = useState<Sorting>({ by: "id", down: false });
  const refreshing = useTask();
  const grid = useRef<HTMLDivElement>(null);
  const all = useMemo(() => (data?.models ?? []).filter(m => m.id !== ACTIVE), [data]);
  const found = useMemo(() => sorted(filtered(all, filters), sorting), [all, filters, sorting]);
  const elsewhere = useMemo(
    () => (found.length === 0 && filters.usable ? filtered(all, { ...filters, usable: false }).length : 0),
    [all, filters, found],
  );
  const busy = refreshing.busy || data?.refreshing === true;
  return (
    <Page
      title="Models"
      description="What there is, at what price, and who has it. Editors ask for one by its ID, or for whatever is active as gatehouse/active."
      wide
      fixed
      actions={
        <Button
          variant="default"
          leftSection={<IconRefresh size={15} />}
          loading={busy}
          onClick={() => void refreshing.run(() => api.call("models.refresh"))}
        >
          Refresh
        </Button>
      }
    >
      <FilterBar models={all} filters={filters} onChange={setFilters} onDown={() => grid.current?.focus()} />
      {data && (
        <div className={classes.bar}>
          <span className={classes.count} role="status">
            {found.length === all.length
              ? plural(all.length, "model")
              : `${found.length} of ${plural(all.length, "model")}`}
            {busy && ", asking the providers"}
          </span>
          <Ages catalog={data} />
        </div>
      )}
      {refreshing.error && <ErrorNote title="Refreshing failed" message={refreshing.error} />}
      {data?.lists
        .filter(list => list.problem && !list.public)
        .map(list => (
          <ErrorNote
            key={list.provider}
            title={
              list.at
                ? `The list of ${list.providerName} is not renewed`
                : `${list.providerName} gave no list of models`
            }
            message={list.problem}
          />
        ))}
      {error && (
        <ErrorNote title="The models can't be listed" message={error} retry={() => void catalog.reload()} />
      )}
      {!data && !error && <Loading what="models" rows={8} height={ROW_PX - 8} />}
      {data && found.length === 0 && (
        <Empty icon={<IconCube size={22} />} title="No model matches">
          {elsewhere > 0 ? (
            <>
              {plural(elsewhere, "model")} would, but {elsewhere === 1 ? "needs" : "need"} a credential.{" "}
              <Button
                size="compact-sm"
                variant="subtle"
                onClick={() => setFilters({ ...filters, usable: false })}
              >
                Show {elsewhere === 1 ? "it" : "them"}
              </Button>
            </>
          ) : (
            "Search for something else, or take a filter away."
          )}
        </Empty>
      )}
      {found.length > 0 && (
        <ModelTable models={found} active={activeModel} sorting={sorting} onSort={setSorting} grid={grid} />
      )}
      <ModelDrawer of={shownBy(item)} active={activeModel} onClose={hide} />
    </Page>
  );
}
