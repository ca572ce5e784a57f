import { Badge, Button, CloseButton, TextInput } from "@mantine/core";
import { IconCube, IconRefresh, IconSearch } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";
import { api, type Model } from "../../api";
import { formatPrice } from "../../lib/money";
import { formatSize, plural } from "../../lib/numbers";
import { matches } from "../../lib/search";
import { models } from "../../state/lists";
import { ACTIVE } from "../../state/models";
import { useResource } from "../../state/resource";
import { useStatus } from "../../state/session";
import { CopyIcon } from "../../ui/Copy";
import { attempt } from "../../ui/notify";
import { Page } from "../../ui/Page";
import { Empty, ErrorNote, Loading } from "../../ui/States";
import { useTask } from "../../ui/useTask";
import classes from "./Models.module.css";

const ROW_PX = 54;

export default function ModelsPage() {
  const { data, error } = useResource(models);
  const { activeModel } = useStatus();
  const [search, setSearch] = useState("");
  const refreshing = useTask();
  const all = useMemo(() => (data?.models ?? []).filter(m => m.id !== ACTIVE), [data]);
  const found = useMemo(
    () =>
      all.filter(m =>
        matches(
          search,
          m.id,
          m.name,
          m.provider,
          m.providerName,
          m.local ? "local" : "",
          m.free ? "free" : "",
        ),
      ),
    [all, search],
  );
  const busy = refreshing.busy || data?.refreshing === true;
  return (
    <Page
      title="Models"
      description="What your providers offer. Editors ask for one by its ID, or for whatever is active as gatehouse/active."
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
      <div className={classes.bar}>
        <TextInput
          value={search}
          onChange={event => setSearch(event.currentTarget.value)}
          placeholder="Search by ID, name or provider"
          aria-label="Search models"
          leftSection={<IconSearch size={15} />}
          rightSection={
            search ? (
              <CloseButton size="sm" aria-label="Clear the search" onClick={() => setSearch("")} />
            ) : null
          }
          className={classes.search}
        />
        {data && (
          <span className={classes.count} role="status">
            {search ? `${found.length} of ${plural(all.length, "model")}` : plural(all.length, "model")}
            {busy && ", asking the providers"}
          </span>
        )}
      </div>
      {refreshing.error && <ErrorNote title="Refreshing failed" message={refreshing.error} />}
      {data?.problems.map(problem => (
        <ErrorNote
          key={problem.provider}
          title={`${problem.provider} gave no list of models`}
          message={problem.message}
        />
      ))}
      {error && (
        <ErrorNote title="The models can't be listed" message={error} retry={() => void models.reload()} />
      )}
      {!data && !error && <Loading what="models" rows={8} height={ROW_PX - 8} />}
      {data && all.length === 0 && (
        <Empty icon={<IconCube size={22} />} title={busy ? "Asking the providers" : "No models yet"}>
          Add a provider's credential, or start Ollama, LM Studio or llama.cpp on this machine.
        </Empty>
      )}
      {data && all.length > 0 && found.length === 0 && <Empty title="No model matches your search" />}
      {found.length > 0 && <ModelTable models={found} active={activeModel} />}
    </Page>
  );
}

// Hundreds of models are usual, thousands possible: only the rows in view are drawn.
function ModelTable({ models: rows, active }: { models: Model[]; active: string }) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 10,
  });
  return (
    <div role="table" aria-label="Models" aria-rowcount={rows.length + 1} className={classes.table}>
      <div role="rowgroup">
        <div role="row" aria-rowindex={1} className={`${classes.row} ${classes.headRow}`}>
          <span role="columnheader">Model</span>
          <span role="columnheader">Provider</span>
          <span role="columnheader" className={classes.right}>
            Context
          </span>
          <span role="columnheader" className={classes.right} title="USD per million tokens">
            Input
          </span>
          <span role="columnheader" className={classes.right} title="USD per million tokens">
            Output
          </span>
          <span role="columnheader">
            <span className="visually-hidden">Actions</span>
          </span>
        </div>
      </div>
      <div ref={scroller} className={classes.scroller} role="rowgroup" tabIndex={0} aria-label="Models">
        <div style={{ height: virtual.getTotalSize(), position: "relative" }} role="presentation">
          {virtual.getVirtualItems().map(item => {
            const model = rows[item.index];
            if (!model) return null;
            return (
              <div
                key={`${model.provider} ${model.id}`}
                role="row"
                aria-rowindex={item.index + 2}
                className={classes.row}
                data-active={model.id === active || undefined}
                style={{
                  position: "absolute",
                  inset: "0 0 auto",
                  height: item.size,
                  transform: `translateY(${item.start}px)`,
                }}
              >
                <ModelCells model={model} active={model.id === active} />
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

function ModelCells({ model, active }: { model: Model; active: boolean }) {
  const [busy, setBusy] = useState(false);
  return (
    <>
      <div role="cell" className={classes.model} title={model.description}>
        <span className={classes.id}>
          <span className="mono">{model.id}</span>
          <span className={classes.copy}>
            <CopyIcon text={model.id} what={`ID ${model.id}`} size={22} />
          </span>
        </span>
        <span className={classes.name}>{model.name !== model.id ? model.name : model.description}</span>
      </div>
      <div role="cell" className={classes.provider}>
        <span>{model.providerName || model.provider}</span>
        {model.local && (
          <Badge size="sm" variant="light" color="gate">
            local
          </Badge>
        )}
        {model.free && (
          <Badge size="sm" variant="light" color="gray">
            free
          </Badge>
        )}
      </div>
      <Figure value={formatSize(model.contextWindow)} />
      <Figure value={model.free && model.inputPrice === null ? "free" : formatPrice(model.inputPrice)} />
      <Figure value={model.free && model.outputPrice === null ? "free" : formatPrice(model.outputPrice)} />
      <div role="cell" className={classes.right}>
        {active ? (
          <Badge variant="filled" color="gate">
            active
          </Badge>
        ) : (
          <Button
            size="compact-xs"
            variant="default"
            loading={busy}
            aria-label={`Make ${model.id} active`}
            onClick={async () => {
              setBusy(true);
              await attempt("Changing the active model failed", () =>
                api.call("activeModel.set", { model: model.id }),
              );
              setBusy(false);
            }}
          >
            Make active
          </Button>
        )}
      </div>
    </>
  );
}

function Figure({ value }: { value: string }) {
  return (
    <div role="cell" className={`${classes.right} numbers`} data-unknown={value === "unknown" || undefined}>
      {value}
    </div>
  );
}
