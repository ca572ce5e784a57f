import { ActionIcon, Badge, Button, Tooltip } from "@mantine/core";
import {
  IconArrowDown,
  IconArrowUp,
  IconBrain,
  IconEye,
  IconFile,
  IconStar,
  IconStarFilled,
  IconTool,
} from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type ReactNode, type RefObject, useRef, useState } from "react";
import type { CatalogEntry } from "../../api";
import { formatTokenPrice } from "../../lib/money";
import { formatSize } from "../../lib/numbers";
import { formatDuration } from "../../lib/time";
import { CopyIcon } from "../../ui/Copy";
import { makeActive, setFavourite, show } from "./commands";
import { type Column, clicked, type Sorting } from "./filter";
import classes from "./Models.module.css";

export const ROW_PX = 54;

interface Props {
  models: CatalogEntry[];
  active: string;
  sorting: Sorting;
  onSort(sorting: Sorting): void;
  /** What takes the keyboard: arrows go from row to row, Enter opens one. */
  grid: RefObject<HTMLDivElement | null>;
}

// Hundreds of models are usual, thousands possible: only the rows in view are drawn.
export function ModelTable({ models: rows, active, sorting, onSort, grid }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState(-1);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 10,
  });
  const current = at < rows.length ? at : -1;
  const move = (to: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, to));
    setAt(next);
    virtual.scrollToIndex(next);
  };
  const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? ROW_PX) / ROW_PX) - 1);
  const steps: Record<string, number> = {
    ArrowDown: current + 1,
    ArrowUp: current - 1,
    PageDown: current + page,
    PageUp: current - page,
    Home: 0,
    End: rows.length - 1,
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.altKey || event.metaKey) return;
    const model = rows[current];
    const step = steps[event.key];
    if (step !== undefined) move(step);
    else if (event.key === "Enter" && model) show(model);
    else if (event.key === "f" && model) void setFavourite(model, !model.favourite);
    else if (event.key === "a" && model?.usable) void makeActive(model);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      ref={grid}
      role="grid"
      aria-label="Models"
      aria-rowcount={rows.length + 1}
      aria-describedby="models-keys"
      aria-activedescendant={current >= 0 ? rowID(current) : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onFocus={event => {
        if (event.target === event.currentTarget && current < 0) setAt(0);
      }}
      className={classes.table}
    >
      <div role="rowgroup">
        <div role="row" aria-rowindex={1} className={`${classes.row} ${classes.headRow}`}>
          <span role="columnheader">
            <span className="visually-hidden">Favourite</span>
          </span>
          <Head by="id" sorting={sorting} onSort={onSort}>
            Model
          </Head>
          <span role="columnheader" className={classes.abilities}>
            Can
          </span>
          <span role="columnheader">Provider</span>
          <Head by="context" sorting={sorting} onSort={onSort} title="Tokens of prompt and answer together">
            Context
          </Head>
          <Head by="input" sorting={sorting} onSort={onSort} title="USD per million input tokens">
            Input
          </Head>
          <Head by="output" sorting={sorting} onSort={onSort} title="USD per million output tokens">
            Output
          </Head>
          <Head
            by="firstToken"
            sorting={sorting}
            onSort={onSort}
            title="Your time to the first token in the last 30 days: three of four requests were as fast (p75)"
          >
            First token
          </Head>
          <span role="columnheader">
            <span className="visually-hidden">Actions</span>
          </span>
        </div>
      </div>
      <div ref={scroller} className={classes.scroller} role="rowgroup">
        <div style={{ height: virtual.getTotalSize(), position: "relative" }} role="presentation">
          {virtual.getVirtualItems().map(item => {
            const model = rows[item.index];
            if (!model) return null;
            return (
              <div
                key={`${model.provider} ${model.id}`}
                id={rowID(item.index)}
                role="row"
                aria-rowindex={item.index + 2}
                className={classes.row}
                data-active={(model.usable && model.id === active) || undefined}
                data-current={item.index === current || undefined}
                data-absent={!model.usable || undefined}
                style={{
                  position: "absolute",
                  inset: "0 0 auto",
                  height: item.size,
                  transform: `translateY(${item.start}px)`,
                }}
              >
                <ModelCells model={model} active={model.usable && model.id === active} />
              </div>
            );
          })}
        </div>
      </div>
      <p id="models-keys" className="visually-hidden">
        Arrow keys go from model to model. Enter shows one, f makes it a favourite, a makes it the active
        model.
      </p>
    </div>
  );
}

function rowID(index: number): string {
  return `model-row-${index}`;
}

interface HeadProps {
  by: Column;
  sorting: Sorting;
  onSort(sorting: Sorting): void;
  title?: string;
  children: ReactNode;
}

function Head({ by, sorting, onSort, title, children }: HeadProps) {
  const on = sorting.by === by;
  const Arrow = sorting.down ? IconArrowDown : IconArrowUp;
  return (
    <span
      role="columnheader"
      aria-sort={on ? (sorting.down ? "descending" : "ascending") : "none"}
      className={by === "id" ? undefined : classes.right}
    >
      <button
        type="button"
        className={classes.sort}
        title={title}
        onClick={() => onSort(clicked(sorting, by))}
      >
        {children}
        {on && <Arrow size={12} aria-hidden />}
      </button>
    </span>
  );
}

const ICONS: { tag: string; label: string; icon: typeof IconEye }[] = [
  { tag: "vision", label: "sees images", icon: IconEye },
  { tag: "tool-use", label: "calls tools", icon: IconTool },
  { tag: "reasoning", label: "reasons", icon: IconBrain },
  { tag: "file-input", label: "reads files", icon: IconFile },
];

function ModelCells({ model, active }: { model: CatalogEntry; active: boolean }) {
  const can = ICONS.filter(({ tag }) => model.tags.includes(tag));
  return (
    <>
      <div role="gridcell">
        <Star model={model} />
      </div>
      <div role="gridcell" className={classes.model}>
        <span className={classes.id}>
          <button type="button" className={`${classes.open} mono`} onClick={() => show(model)}>
            {model.id}
          </button>
          <span className={classes.copy}>
            <CopyIcon text={model.id} what={`ID ${model.id}`} size={22} />
          </span>
        </span>
        <span className={classes.name}>
          {model.name === model.id
            ? model.type
            : [model.name, model.type !== "language" && model.type].filter(Boolean).join(" · ")}
        </span>
      </div>
      <div role="gridcell" className={classes.abilities}>
        {can.length > 0 && (
          <span
            role="img"
            aria-label={can.map(c => c.label).join(", ")}
            title={can.map(c => c.label).join(", ")}
          >
            {can.map(({ tag, icon: Icon }) => (
              <Icon key={tag} size={14} aria-hidden />
            ))}
          </span>
        )}
      </div>
      <div role="gridcell" className={classes.provider}>
        <span>{model.providerName}</span>
        {model.local && (
          <Badge size="sm" variant="light" color="gate">
            local
          </Badge>
        )}
        {model.free && !model.local && (
          <Badge size="sm" variant="light" color="gray">
            free
          </Badge>
        )}
      </div>
      <Figure value={formatSize(model.contextWindow)} />
      <Figure value={formatTokenPrice(model.inputPicoUSD)} />
      <Figure value={formatTokenPrice(model.outputPicoUSD)} />
      <Figure value={model.firstTokenP75Ms === null ? "–" : formatDuration(model.firstTokenP75Ms)} />
      <div role="gridcell" className={classes.right}>
        <Action model={model} active={active} />
      </div>
    </>
  );
}

export function Star({ model, size = 26 }: { model: CatalogEntry; size?: number }) {
  const Icon = model.favourite ? IconStarFilled : IconStar;
  return (
    <Tooltip label={model.favourite ? "No longer a favourite" : "Make it a favourite"}>
      <ActionIcon
        variant="subtle"
        color={model.favourite ? "yellow" : "gray"}
        c={model.favourite ? "var(--warn)" : "dimmed"}
        size={size}
        aria-label={`Favourite ${model.id}`}
        aria-pressed={model.favourite}
        onClick={() => void setFavourite(model, !model.favourite)}
      >
        <Icon size={15} />
      </ActionIcon>
    </Tooltip>
  );
}

export function Action({ model, active }: { model: CatalogEntry; active: boolean }) {
  const [busy, setBusy] = useState(false);
  if (active) {
    return (
      <Badge variant="light" color="gate">
        active
      </Badge>
    );
  }
  if (!model.usable) return <span className={classes.absent}>no credential</span>;
  return (
    <Button
      size="compact-xs"
      variant="default"
      loading={busy}
      aria-label={`Make active: ${model.id}`}
      onClick={async () => {
        setBusy(true);
        await makeActive(model);
        setBusy(false);
      }}
    >
      Make active
    </Button>
  );
}

function Figure({ value }: { value: string }) {
  return (
    <div
      role="gridcell"
      className={`${classes.right} numbers`}
      data-unknown={value === "unknown" || value === "–" || undefined}
    >
      {value}
    </div>
  );
}
