import { MultiSelect, SegmentedControl, Switch, TagsInput, TextInput } from "@mantine/core";
import { useState } from "react";
import type { RouteQuery, SettingChange, SettingsRule } from "../../api";
import { keys } from "../../state/lists";
import { useResource } from "../../state/resource";
import { HOURS, NOBODY, PROTOCOLS } from "../../state/routing";
import { useStatus } from "../../state/session";
import { change } from "../../state/settings";
import { Mood } from "../../ui/Dot";
import { Panel } from "../../ui/Page";
import { ErrorNote } from "../../ui/States";
import { clean } from "./clean";
import { Editor } from "./Draft";
import { useKept } from "./kept";
import { ModelField } from "./ModelField";
import { openList } from "./place";
import { QueryFields } from "./QueryFields";
import { RouteView } from "./RouteView";
import classes from "./Routing.module.css";
import { useDryRun } from "./useDryRun";

interface Props {
  /** The rule's place among the others; one past their end for a new one. */
  at: number;
  rules: SettingsRule[];
}

const NEW: SettingsRule = { id: "", deny: true };

export function RuleForm({ at, rules }: Props) {
  const old = rules[at];
  const kept = `rule ${old?.id ?? ""}`;
  const [form, setForm] = useKept<SettingsRule>(`${kept} form`, () => old ?? NEW);
  const [denies, setDenies] = useKept(`${kept} denies`, () => form.deny === true || !form.rewrite);
  const set = (part: Partial<SettingsRule>) => setForm({ ...form, ...part });
  const list = useResource(keys);
  const keyNames = [...new Set((list.data?.keys ?? []).filter(k => !k.revokedAt).map(k => k.name))];
  const id = form.id.trim();
  const written = clean(
    {
      ...form,
      id,
      deny: denies || undefined,
      rewrite: denies ? undefined : form.rewrite?.trim(),
      disabled: form.disabled || undefined,
    },
    ["id"],
  );
  const changes = [change(["rules"], old ? rules.with(at, written) : [...rules, written])];
  const blocked = !id
    ? "give it a name"
    : !denies && !form.rewrite?.trim()
      ? "say which model to use instead"
      : "";
  return (
    <Editor
      form={kept}
      title={old ? `The rule ${old.id}` : "New rule"}
      changes={changes}
      blocked={blocked}
      saved={`The rule ${id} is saved.`}
      onSaved={() => openList("rules")}
      onCancel={() => openList("rules")}
      below={<Sample id={id} changes={blocked ? null : changes} />}
    >
      <TextInput
        label="Name"
        description="Refusals and the history show it"
        value={form.id}
        onChange={event => set({ id: event.currentTarget.value })}
        required
        spellCheck={false}
      />
      <div>
        <SegmentedControl
          aria-label="What it does"
          data={[
            { value: "deny", label: "Deny" },
            { value: "rewrite", label: "Use another model" },
          ]}
          value={denies ? "deny" : "rewrite"}
          onChange={what => setDenies(what === "deny")}
        />
      </div>
      {denies ? (
        <TextInput
          label="Reason"
          description="Whoever is refused reads it"
          value={form.reason ?? ""}
          onChange={event => set({ reason: event.currentTarget.value })}
        />
      ) : (
        <ModelField
          label="Model to use instead"
          value={form.rewrite ?? ""}
          onChange={rewrite => set({ rewrite })}
          required
        />
      )}
      <Patterns
        label="Models"
        description="Patterns such as anthropic/*"
        value={form.models}
        onChange={models => set({ models })}
      />
      <Patterns
        label="API keys"
        description="Names, or patterns of them"
        value={form.keys}
        data={keyNames}
        onChange={names => set({ keys: names })}
      />
      <Patterns label="Projects" value={form.projects} onChange={projects => set({ projects })} />
      <Patterns label="Tags" value={form.tags} onChange={tags => set({ tags })} />
      <MultiSelect
        label="Protocols"
        placeholder={form.protocols?.length ? "" : "All"}
        data={[...PROTOCOLS, { value: "embeddings", label: "Embeddings" }]}
        value={form.protocols ?? []}
        onChange={protocols => set({ protocols })}
      />
      <MultiSelect
        label="Hours of the day"
        description="Local time"
        placeholder={form.hours?.length ? "" : "All"}
        data={HOURS}
        value={(form.hours ?? []).map(String)}
        onChange={hours => set({ hours: hours.map(Number).sort((a, b) => a - b) })}
        searchable
      />
      <Switch
        label="In force"
        checked={!form.disabled}
        onChange={event => set({ disabled: !event.currentTarget.checked })}
      />
    </Editor>
  );
}

interface PatternsProps {
  label: string;
  description?: string;
  value: string[] | undefined;
  data?: string[];
  onChange(value: string[]): void;
}

function Patterns({ label, description, value, data, onChange }: PatternsProps) {
  return (
    <TagsInput
      label={label}
      description={description}
      placeholder={value?.length ? "" : "All"}
      data={data}
      value={value ?? []}
      onChange={onChange}
      splitChars={[","]} // names may hold spaces
      acceptValueOnBlur
    />
  );
}

/** Tries the rules, with the form as if it were saved, on a request. */
function Sample({ id, changes }: { id: string; changes: SettingChange[] | null }) {
  const { activeModel } = useStatus();
  const [query, setQuery] = useState<RouteQuery>({ ...NOBODY, model: activeModel });
  const asked = { ...query, model: query.model.trim(), changes: changes ?? [] };
  const { route, error } = useDryRun(changes && asked.model ? asked : null);
  return (
    <Panel title="Try it on a request">
      <div className={classes.stack}>
        <QueryFields value={query} onChange={setQuery} />
        <div aria-live="polite" className={classes.stack}>
          {error && <ErrorNote title="This can't be decided" message={error} />}
          {route && (
            <>
              <Mood tone={route.rule === id ? "good" : "quiet"}>
                {route.rule === id
                  ? "This rule decides"
                  : route.rule
                    ? `Another rule decides: ${route.rule}`
                    : "No rule matches"}
              </Mood>
              <RouteView route={route} />
            </>
          )}
        </div>
      </div>
    </Panel>
  );
}
