import { Button, Checkbox, Select, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import type { Credential, Settings, SettingsModelDefault, SettingsTimeouts } from "../../api";
import { HOSTED, isSet, titleOf } from "../../state/credentials";
import { credentials } from "../../state/lists";
import { useResource } from "../../state/resource";
import { settings } from "../../state/settings";
import { Ordered } from "../../ui/Ordered";
import { ErrorNote, Loading } from "../../ui/States";
import { Editor } from "./Draft";
import { type DefaultsForm, defaultsChanges, defaultsForm, fallbackKey } from "./defaults";
import { useKept } from "./kept";
import { Switchable } from "./OptionFields";
import { ParameterFields } from "./ParameterFields";
import { useProviders } from "./providers";
import classes from "./Routing.module.css";
import { Sharing } from "./Sharing";
import { sharesChanges, sharesOf } from "./sharing";

export function Defaults() {
  const file = useResource(settings);
  const list = useResource(credentials);
  const error = file.error || list.error;
  if (!file.data || !list.data) {
    return error ? (
      <ErrorNote title="The settings can't be read" message={error} retry={() => void settings.reload()} />
    ) : (
      <Loading what="defaults" rows={4} />
    );
  }
  return <Form saved={file.data.effective} all={list.data.credentials} />;
}

function Form({ saved, all }: { saved: Settings; all: Credential[] }) {
  const [form, setForm] = useKept("defaults form", () => defaultsForm(saved));
  const before = sharesOf(saved, all);
  const [shares, setShares] = useKept("defaults shares", () => before);
  const providers = useProviders();
  const set = (part: Partial<DefaultsForm>) => setForm({ ...form, ...part });
  const own = all.filter(c => isSet(c) && c.provider !== HOSTED);
  return (
    <Editor
      form="defaults"
      title="What holds for every request"
      changes={[...defaultsChanges(form, saved), ...sharesChanges(shares, before)]}
      saved="The defaults are saved."
      onSaved={() => {}}
    >
      <div role="group" aria-label="Paid fallback" className={classes.stack}>
        <h3 className={classes.label}>Paid fallback</h3>
        <Checkbox
          label="The hosted gateway may answer where my own credentials fail"
          description="It is paid for what it answers. A request and a virtual model can forbid it for themselves."
          checked={form.gatewayFallback}
          onChange={event => set({ gatewayFallback: event.currentTarget.checked })}
        />
        {form.gatewayFallback &&
          own.map(credential => {
            const key = fallbackKey(credential.provider, credential.name);
            return (
              <Switchable
                key={key}
                label={`Where ${titleOf(credential)} fails`}
                value={form.fallbacks[key]}
                onChange={value => set({ fallbacks: { ...form.fallbacks, [key]: value } })}
              />
            );
          })}
      </div>
      <Sharing value={shares} providers={providers} onChange={setShares} />
      <Waits value={form.timeouts} onChange={timeouts => set({ timeouts })} />
      <Models value={form.modelDefaults} onChange={modelDefaults => set({ modelDefaults })} />
    </Editor>
  );
}

const ANY = { value: "*", label: "Any provider" };

interface WaitsProps {
  value: Record<string, SettingsTimeouts>;
  onChange(value: Record<string, SettingsTimeouts>): void;
}

/** How long to wait for whom. */
function Waits({ value, onChange }: WaitsProps) {
  const providers = [ANY, ...useProviders()];
  const nameOf = (id: string) => providers.find(p => p.value === id)?.label ?? id;
  const edit = (id: string, part: SettingsTimeouts) =>
    onChange({ ...value, [id]: { ...value[id], ...part } });
  return (
    <div role="group" aria-label="Timeouts">
      <h3 className={classes.label}>Timeouts</h3>
      <p className={classes.hint}>
        Lengths of time such as 30s or 5m, for requests that ask for none. An empty field waits as long as it
        takes.
      </p>
      {Object.entries(value).map(([id, waits]) => (
        <fieldset key={id} className={classes.waits}>
          <legend>{nameOf(id)}</legend>
          {FIELDS.map(({ name, label }) => (
            <TextInput
              key={name}
              label={label}
              aria-label={`${label}, ${nameOf(id)}`}
              placeholder="No limit"
              value={waits[name] ?? ""}
              onChange={event => edit(id, { [name]: event.currentTarget.value.trim() })}
            />
          ))}
        </fieldset>
      ))}
      <Select
        aria-label="Add a provider's timeouts"
        placeholder="Add a provider"
        data={providers.filter(p => !(p.value in value))}
        value={null}
        onChange={id => id && onChange({ ...value, [id]: {} })}
        searchable
        className={classes.addingSelect}
      />
    </div>
  );
}

const FIELDS = [
  { name: "firstToken", label: "First token" },
  { name: "idle", label: "Pause" },
  { name: "total", label: "Whole answer" },
] as const;

interface ModelsProps {
  value: (SettingsModelDefault & { key: number })[];
  onChange(value: (SettingsModelDefault & { key: number })[]): void;
}

/** Parameters by model; the first pattern that matches holds. */
function Models({ value, onChange }: ModelsProps) {
  const next = Math.max(-1, ...value.map(v => v.key)) + 1;
  return (
    <div role="group" aria-label="Parameters by model">
      <h3 className={classes.label}>Parameters by model</h3>
      <p className={classes.hint}>
        For requests that set none themselves. The first pattern that matches holds.
      </p>
      <Ordered
        label="Parameters by model"
        items={value}
        onChange={onChange}
        nameOf={({ model }, at) => model || `pattern ${at + 1}`}
        keyOf={({ key }) => String(key)}
        render={(item, at) => (
          <div className={classes.stack}>
            <TextInput
              label="Models"
              aria-label={`Models of pattern ${at + 1}`}
              placeholder="openai/*"
              value={item.model}
              onChange={event =>
                onChange(value.with(at, { ...item, model: event.currentTarget.value.trim() }))
              }
              spellCheck={false}
            />
            <ParameterFields
              value={item.parameters}
              onChange={parameters => onChange(value.with(at, { ...item, parameters }))}
            />
          </div>
        )}
      />
      <Button
        size="compact-sm"
        variant="subtle"
        className={classes.more}
        leftSection={<IconPlus size={14} />}
        onClick={() => onChange([...value, { key: next, model: "", parameters: {} }])}
      >
        Add a pattern
      </Button>
    </div>
  );
}
