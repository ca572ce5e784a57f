import { Badge, Drawer, Group } from "@mantine/core";
import { useEffect, useState } from "react";
import { api, type ModelDetail } from "../../api";
import { messageOf } from "../../lib/errors";
import { formatCost } from "../../lib/money";
import { formatCount } from "../../lib/numbers";
import { formatDate, formatDuration } from "../../lib/time";
import { catalog } from "../../state/lists";
import { useResource } from "../../state/resource";
import { CopyIcon } from "../../ui/Copy";
import { type Fact, FactTable } from "../../ui/Facts";
import { ErrorNote, Loading } from "../../ui/States";
import { Facts, Prices } from "./Facts";
import classes from "./Models.module.css";
import { Action, Star } from "./ModelTable";
import { Offers } from "./Offers";

interface Ref {
  id: string;
  provider: string;
}

/** Everything that is known of one model: who serves it, what it costs, and what it was like for you. */
export function ModelDrawer({ of, active, onClose }: { of: Ref | null; active: string; onClose(): void }) {
  const { detail, error } = useDetail(of);
  return (
    <Drawer opened={of !== null} onClose={onClose} position="right" size={620} title="Model">
      {error && <ErrorNote title="The model can't be shown" message={error} />}
      {!detail && !error && of && <Loading what="model" rows={6} />}
      {detail && <Detail detail={detail} active={detail.entry.usable && detail.entry.id === active} />}
    </Drawer>
  );
}

/** What is known of a model, asked anew when the list changes. While the drawer slides out it shows what it showed. */
function useDetail(of: Ref | null): { detail: ModelDetail | null; error: string } {
  const { data } = useResource(catalog);
  const [state, setState] = useState<{ detail: ModelDetail | null; error: string }>({
    detail: null,
    error: "",
  });
  const id = of?.id ?? "";
  const provider = of?.provider ?? "";
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new list may say something else of the model
  useEffect(() => {
    if (!id) return;
    let current = true;
    setState(s =>
      s.detail?.entry.id === id && s.detail.entry.provider === provider ? s : { detail: null, error: "" },
    );
    api.call("models.get", { id, provider }).then(
      detail => current && setState({ detail, error: "" }),
      failure => current && setState({ detail: null, error: messageOf(failure) }),
    );
    return () => {
      current = false;
    };
  }, [id, provider, data]);
  return state;
}

function Detail({ detail, active }: { detail: ModelDetail; active: boolean }) {
  const m = detail.entry;
  return (
    <div className={classes.drawer}>
      <div>
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <div>
            <h2 className={classes.title}>{m.name}</h2>
            <Group gap={2}>
              <code className="mono">{m.id}</code>
              <CopyIcon text={m.id} what={`ID ${m.id}`} />
            </Group>
          </div>
          <Group gap={6} wrap="nowrap">
            <Star model={m} size={30} />
            <Action model={m} active={active} />
          </Group>
        </Group>
        {m.tags.length > 0 && (
          <Group gap={6} mt={8}>
            {m.tags.map(tag => (
              <Badge key={tag} size="sm" variant="light" color="gray">
                {tag}
              </Badge>
            ))}
          </Group>
        )}
        {detail.description && <p className={classes.description}>{detail.description}</p>}
      </div>
      <Offers detail={detail} />
      <Prices price={detail.price} free={m.free} />
      <section aria-label="Limits">
        <h3>Limits</h3>
        <FactTable facts={limits(detail)} />
      </section>
      <section aria-label="Your history">
        <h3>Your last 30 days with it</h3>
        <FactTable facts={history(detail)} />
      </section>
      <Facts detail={detail} />
    </div>
  );
}

function limits(d: ModelDetail): Fact[] {
  const tokens = (n: number | null) => (n === null ? "unknown" : `${formatCount(n)} tokens`);
  return [
    { label: "Context", value: tokens(d.entry.contextWindow) },
    { label: "Longest answer", value: tokens(d.entry.maxOutput) },
    { label: "Takes", value: d.inputModalities.join(", ") || "unknown" },
    { label: "Gives", value: d.outputModalities.join(", ") || d.entry.type || "unknown" },
    ...(d.parameters.length > 0 ? [{ label: "Parameters", value: d.parameters.join(", ") }] : []),
    ...(d.regions.length > 0 ? [{ label: "Regions", value: d.regions.join(", ") }] : []),
    ...(d.entry.released ? [{ label: "Released", value: formatDate(d.entry.released) }] : []),
  ];
}

function history(d: ModelDetail): Fact[] {
  const h = d.history;
  if (h.requests === 0) return [{ label: "Requests", value: "none" }];
  const seconds = (p75: number | null, p50: number | null) =>
    p75 === null
      ? "unknown"
      : `${formatDuration(p75)} (p75)${p50 === null ? "" : `, ${formatDuration(p50)} (p50)`}`;
  return [
    { label: "Requests", value: `${formatCount(h.requests)}, ${formatCount(h.errors)} failed` },
    {
      label: "Cost",
      value:
        formatCost(h.costPicoUSD) +
        (h.unknownCost > 0 ? `, and ${formatCount(h.unknownCost)} of unknown cost` : ""),
    },
    { label: "Tokens", value: `${formatCount(h.inputTokens)} in, ${formatCount(h.outputTokens)} out` },
    { label: "Time to first token", value: seconds(h.firstTokenP75Ms, h.firstTokenP50Ms) },
    { label: "Duration", value: seconds(h.durationP75Ms, null) },
    {
      label: "Speed",
      value: h.tokensPerSecondP50 === null ? "unknown" : `${Math.round(h.tokensPerSecondP50)} tokens/s (p50)`,
    },
  ];
}
