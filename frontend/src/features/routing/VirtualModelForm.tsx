import { Accordion, Checkbox, NumberInput, SegmentedControl, Textarea, TextInput } from "@mantine/core";
import type { SettingsVirtualModel } from "../../api";
import { NOBODY } from "../../state/routing";
import { change } from "../../state/settings";
import { Panel } from "../../ui/Page";
import { ErrorNote } from "../../ui/States";
import { clean, numberOf } from "./clean";
import { Editor } from "./Draft";
import { useKept } from "./kept";
import { ModelField } from "./ModelField";
import { ModelList } from "./ModelList";
import { PaceFields, ProviderFields, ReportFields, RequirementFields } from "./OptionFields";
import { ParameterFields } from "./ParameterFields";
import { openList } from "./place";
import { RouteView } from "./RouteView";
import classes from "./Routing.module.css";
import { useDryRun } from "./useDryRun";

interface Props {
  /** The name of the one that is edited; empty for a new one. */
  name: string;
  value: SettingsVirtualModel;
  /** The names that others have. */
  taken: string[];
}

const SECTIONS = [
  { id: "providers", label: "Providers", Fields: ProviderFields },
  { id: "requirements", label: "Requirements", Fields: RequirementFields },
  { id: "pace", label: "Waiting, speed and caching", Fields: PaceFields },
  { id: "reports", label: "Reports", Fields: ReportFields },
];

export function VirtualModelForm({ name, value, taken }: Props) {
  const kept = `model ${name}`;
  const [newName, setName] = useKept(`${kept} name`, () => name);
  const [several, setSeveral] = useKept(`${kept} several`, () => (value.targets ?? []).length > 0);
  const [form, setForm] = useKept(`${kept} form`, () => value);
  const set = (part: Partial<SettingsVirtualModel>) => setForm({ ...form, ...part });
  const options = form.options ?? {};
  const trimmed = newName.trim();
  const written = clean({
    ...form,
    model: several ? undefined : (form.model ?? "").trim(),
    targets: several ? (form.targets ?? []) : undefined,
    archived: form.archived || undefined,
  });
  const changes = [change(["virtualModels", trimmed || "name"], written)];
  if (name && trimmed !== name) changes.unshift(change(["virtualModels", name]));
  const blocked = blockedBy(trimmed, trimmed !== name && taken.includes(trimmed), written);
  return (
    <Editor
      form={kept}
      title={name ? `The virtual model ${name}` : "New virtual model"}
      changes={changes}
      blocked={blocked}
      saved={`The virtual model ${trimmed} is saved.`}
      onSaved={() => openList("models")}
      onCancel={() => openList("models")}
      below={<Trial model={trimmed} changes={blocked ? null : changes} />}
    >
      <TextInput
        label="Name"
        description="What clients ask for, for example fast or team/coder"
        value={newName}
        onChange={event => setName(event.currentTarget.value)}
        spellCheck={false}
        required
      />
      <div>
        <SegmentedControl
          aria-label="What it stands for"
          data={[
            { value: "one", label: "One model" },
            { value: "several", label: "Several, by weight" },
          ]}
          value={several ? "several" : "one"}
          onChange={kind => setSeveral(kind === "several")}
        />
      </div>
      {several ? (
        <ModelList
          label="Models"
          description="Weights decide which is tried first; the others follow. Weight 0 is a fallback only."
          items={form.targets ?? []}
          onChange={targets => set({ targets })}
          modelOf={target => target.model}
          make={model => ({ model, weight: 1 })}
          render={(target, at) => (
            <div className={classes.weighted}>
              <code className="mono">{target.model}</code>
              <NumberInput
                aria-label={`Weight of ${target.model}`}
                prefix="weight "
                min={0}
                allowDecimal={false}
                value={target.weight ?? 0}
                onChange={weight =>
                  set({
                    targets: form.targets?.with(at, { ...target, weight: numberOf(weight) }),
                  })
                }
              />
            </div>
          )}
        />
      ) : (
        <ModelField
          label="Model"
          description="What it stands for"
          value={form.model ?? ""}
          onChange={model => set({ model })}
          required
        />
      )}
      <ModelList
        label="Fallbacks"
        description="Tried in this order where that fails"
        items={options.models ?? []}
        onChange={models => set({ options: { ...options, models } })}
        modelOf={model => model}
        make={model => model}
      />
      <Textarea
        label="Instructions"
        description="Put before the request's own"
        value={form.systemPrefix ?? ""}
        onChange={event => set({ systemPrefix: event.currentTarget.value })}
        autosize
        minRows={2}
        maxRows={12}
      />
      <Accordion multiple variant="contained" order={3}>
        <Accordion.Item value="parameters">
          <Accordion.Control>Parameters</Accordion.Control>
          <Accordion.Panel>
            <ParameterFields value={form.parameters ?? {}} onChange={parameters => set({ parameters })} />
          </Accordion.Panel>
        </Accordion.Item>
        {SECTIONS.map(({ id, label, Fields }) => (
          <Accordion.Item key={id} value={id}>
            <Accordion.Control>{label}</Accordion.Control>
            <Accordion.Panel>
              <div className={classes.stack}>
                <Fields value={options} onChange={next => set({ options: next })} />
              </div>
            </Accordion.Panel>
          </Accordion.Item>
        ))}
      </Accordion>
      <Checkbox
        label="Put away: nobody can ask for it"
        checked={form.archived ?? false}
        onChange={event => set({ archived: event.currentTarget.checked })}
      />
    </Editor>
  );
}

/** Why a form that is not filled in yet can't be saved. */
function blockedBy(name: string, isTaken: boolean, { model, targets }: SettingsVirtualModel): string {
  if (!name) return "give it a name";
  if (isTaken) return "there is one of this name; edit that one instead";
  return model || targets ? "" : "say what it stands for";
}

/** What a request for it would try, as if the form were saved. */
function Trial({ model, changes }: { model: string; changes: ReturnType<typeof change>[] | null }) {
  const { route, error } = useDryRun(changes ? { ...NOBODY, model, changes } : null);
  if (!route && !error) return null;
  return (
    <Panel title="What would be tried">
      {error && <ErrorNote title="This can't be decided" message={error} />}
      {route && <RouteView route={route} />}
    </Panel>
  );
}
