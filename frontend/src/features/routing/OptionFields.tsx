import { Checkbox, MultiSelect, NumberInput, Select, TagsInput, TextInput } from "@mantine/core";
import type { SettingsRoutingOptions } from "../../api";
import { Ordered } from "../../ui/Ordered";
import { numberOf } from "./clean";
import { useProviders } from "./providers";
import classes from "./Routing.module.css";
import { TimeoutRows } from "./TimeoutRows";

export interface OptionProps {
  value: SettingsRoutingOptions;
  onChange(value: SettingsRoutingOptions): void;
}

const setter =
  ({ value, onChange }: OptionProps) =>
  (part: Partial<SettingsRoutingOptions>) =>
    onChange({ ...value, ...part });

const SORTS = [
  { value: "cost", label: "Cheapest first" },
  { value: "ttft", label: "Fastest first token first" },
  { value: "tps", label: "Most tokens per second first" },
  { value: "@default", label: "Drop what the request asks for" },
];

/** Which providers, in which order. */
export function ProviderFields(props: OptionProps) {
  const { value } = props;
  const set = setter(props);
  const providers = useProviders();
  const nameOf = (id: string) => providers.find(p => p.value === id)?.label ?? id;
  const order = value.order ?? [];
  const rest = providers.filter(p => !order.includes(p.value));
  return (
    <>
      <div role="group" aria-label="Providers to try first">
        <div className={classes.label}>Providers to try first</div>
        <Ordered
          label="Providers to try first"
          items={order}
          onChange={items => set({ order: items })}
          nameOf={nameOf}
          keyOf={id => id}
          render={nameOf}
        />
        <Select
          aria-label="Add a provider to try first"
          placeholder="Add a provider"
          data={rest}
          value={null}
          onChange={id => id && set({ order: [...order, id] })}
          searchable
          className={classes.addingSelect}
        />
      </div>
      <MultiSelect
        label="Only these providers"
        description="No other is ever tried"
        placeholder={value.only?.length ? "" : "All"}
        data={providers}
        value={value.only ?? []}
        onChange={only => set({ only })}
        searchable
      />
      <Select
        label="Order the others by"
        placeholder="As they come"
        data={SORTS}
        value={value.sort ?? null}
        onChange={sort => set({ sort: (sort ?? undefined) as SettingsRoutingOptions["sort"] })}
        clearable
        clearButtonProps={{ "aria-label": "Clear the order" }}
      />
      <Switchable
        label="Hosted gateway as a paid fallback"
        description="Whether it may answer where your own credentials fail"
        value={value.allowGatewayFallback}
        onChange={allowGatewayFallback => set({ allowGatewayFallback })}
      />
    </>
  );
}

/** What must be so of who answers. */
export function RequirementFields(props: OptionProps) {
  const { value } = props;
  const set = setter(props);
  const region = value.inferenceRegion;
  return (
    <>
      <MultiSelect
        label="The model must have"
        placeholder={value.has?.length ? "" : "Nothing in particular"}
        data={["vision", "tools", "reasoning", "files", "implicit-caching", "free"]}
        value={value.has ?? []}
        onChange={has => set({ has })}
      />
      <Select
        label="Where it may run"
        placeholder="Anywhere"
        data={[
          { value: "us", label: "Only in the US" },
          { value: "eu", label: "Only in the EU" },
          { value: "global", label: "Global endpoints" },
        ]}
        value={region ? (region.scope === "zone" ? (region.geoRegion ?? null) : "global") : null}
        onChange={place =>
          set({
            inferenceRegion:
              place === null
                ? undefined
                : place === "global"
                  ? { scope: "global" }
                  : { scope: "zone", geoRegion: place as "us" | "eu" },
          })
        }
        clearable
        clearButtonProps={{ "aria-label": "Clear where it may run" }}
      />
      <Checkbox
        label="Only providers known to keep nothing of requests"
        checked={value.zeroDataRetention ?? false}
        onChange={event => set({ zeroDataRetention: event.currentTarget.checked || undefined })}
      />
      <Checkbox
        label="Only providers known not to train on prompts"
        checked={value.disallowPromptTraining ?? false}
        onChange={event => set({ disallowPromptTraining: event.currentTarget.checked || undefined })}
      />
    </>
  );
}

/** How fast, how long to wait, what is cached. */
export function PaceFields(props: OptionProps) {
  const { value } = props;
  const set = setter(props);
  return (
    <>
      <TimeoutRows value={value.providerTimeouts} onChange={providerTimeouts => set({ providerTimeouts })} />
      <Checkbox
        label="Start a second attempt beside a late first one"
        description="The loser is cancelled; both cost"
        checked={value.hedge ?? false}
        onChange={event => set({ hedge: event.currentTarget.checked || undefined })}
      />
      <Checkbox
        label="Ask for the faster variant of the model"
        checked={value.speed === "fast"}
        onChange={event => set({ speed: event.currentTarget.checked ? "fast" : undefined })}
      />
      <Switchable
        label="Ordinary variant as a fallback of the faster one"
        value={value.allowFallbackFromFast}
        onChange={allowFallbackFromFast => set({ allowFallbackFromFast })}
      />
      <div className={classes.fields}>
        <Select
          label="Service tier"
          placeholder="The provider's own"
          data={["flex", "priority", { value: "@default", label: "Drop what the request asks for" }]}
          value={value.serviceTier ?? null}
          onChange={tier =>
            set({ serviceTier: (tier ?? undefined) as SettingsRoutingOptions["serviceTier"] })
          }
          clearable
          clearButtonProps={{ "aria-label": "Clear the service tier" }}
        />
        <Select
          label="Prompt caching"
          placeholder="As the request marks it"
          data={[
            { value: "auto", label: "Marked automatically" },
            { value: "@default", label: "Drop what the request asks for" },
          ]}
          value={value.caching ?? null}
          onChange={caching => set({ caching: (caching ?? undefined) as SettingsRoutingOptions["caching"] })}
          clearable
          clearButtonProps={{ "aria-label": "Clear the caching" }}
        />
        <Select
          label="Cache lifetime"
          placeholder="The provider's own"
          data={[
            { value: "5m", label: "5 minutes" },
            { value: "1h", label: "1 hour" },
          ]}
          value={value.cacheTtl ?? null}
          onChange={ttl => set({ cacheTtl: (ttl ?? undefined) as SettingsRoutingOptions["cacheTtl"] })}
          clearable
          clearButtonProps={{ "aria-label": "Clear the cache lifetime" }}
        />
        <NumberInput
          label="First items that never change"
          min={0}
          allowDecimal={false}
          value={value.cacheAnchorItems ?? ""}
          onChange={n => set({ cacheAnchorItems: numberOf(n) || undefined })}
        />
      </div>
    </>
  );
}

/** Whom reports show. */
export function ReportFields(props: OptionProps) {
  const { value } = props;
  const set = setter(props);
  return (
    <>
      <TextInput
        label="User"
        value={value.user ?? ""}
        onChange={event => set({ user: event.currentTarget.value })}
      />
      <TagsInput label="Tags" value={value.tags ?? []} onChange={tags => set({ tags })} acceptValueOnBlur />
    </>
  );
}

interface SwitchableProps {
  label: string;
  description?: string;
  value: boolean | undefined;
  onChange(value: boolean | undefined): void;
}

/** A yes, a no, or leaving it as it is elsewhere. */
export function Switchable({ label, description, value, onChange }: SwitchableProps) {
  return (
    <Select
      label={label}
      description={description}
      placeholder="As usual"
      data={[
        { value: "yes", label: "Allowed" },
        { value: "no", label: "Forbidden" },
      ]}
      value={value === undefined ? null : value ? "yes" : "no"}
      onChange={said => onChange(said === null ? undefined : said === "yes")}
      clearable
      clearButtonProps={{ "aria-label": `Leave it as usual: ${label}` }}
    />
  );
}
