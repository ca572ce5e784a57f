import { Button, CloseButton, Textarea, TextInput } from "@mantine/core";
import { IconPlayerPlay, IconPlus } from "@tabler/icons-react";
import { plural } from "../../lib/numbers";
import { compare, comparisons } from "../../state/compare";
import { models } from "../../state/lists";
import { ACTIVE, modelOptions } from "../../state/models";
import { useResource } from "../../state/resource";
import { go } from "../../state/route";
import { useStore } from "../../state/store";
import { Page, Panel } from "../../ui/Page";
import { SearchSelect } from "../../ui/SearchSelect";
import { ErrorNote } from "../../ui/States";
import { useTask } from "../../ui/useTask";
import classes from "./Compare.module.css";
import { change, draft, MAX_MODELS, MIN_MODELS, temperatureOf, written } from "./draft";
import { Past } from "./Past";
import { SavedPrompts } from "./SavedPrompts";

/** Where a comparison is put together, with those made before. */
export function NewComparison() {
  const { models: chosen, prompts, system, temperature } = useStore(draft);
  const list = useResource(models);
  const known = useResource(comparisons);
  const task = useTask();
  const ready = written(prompts);
  const heat = temperatureOf(temperature);
  const enough = chosen.length >= MIN_MODELS && ready.length > 0 && heat !== undefined;

  const start = () =>
    task.run(async () => {
      if (heat === undefined) return;
      go(
        "compare",
        await compare({ models: chosen, prompts: ready, system: system.trim(), temperature: heat }),
      );
    });

  return (
    <Page
      title="Compare"
      description="Put the same prompts to two to six models side by side, and pick the better answers. The requests count for the project “chat”."
    >
      <form
        className={classes.form}
        onSubmit={event => {
          event.preventDefault();
          if (enough) void start();
        }}
      >
        <Panel title="Models">
          <Models
            chosen={chosen}
            options={modelOptions(list.data?.models ?? []).filter(o => o.value !== ACTIVE)}
          />
        </Panel>
        <Panel title="Prompts" aside={<SavedPrompts lists={known.data?.promptLists ?? []} prompts={ready} />}>
          <Prompts prompts={prompts} />
          <div className={classes.settings}>
            <Textarea
              label="System prompt"
              description="Goes before every prompt. Empty for none."
              autosize
              minRows={1}
              maxRows={6}
              value={system}
              onChange={event => change({ system: event.currentTarget.value })}
            />
            <TextInput
              label="Temperature"
              description="0 to 2. Empty for each model's own."
              inputMode="decimal"
              value={temperature}
              error={heat === undefined ? "A number from 0 to 2" : undefined}
              onChange={event => change({ temperature: event.currentTarget.value })}
            />
          </div>
        </Panel>
        {task.error && <ErrorNote title="The comparison was not started" message={task.error} />}
        <div className={classes.start}>
          <Button
            type="submit"
            leftSection={<IconPlayerPlay size={15} />}
            loading={task.busy}
            disabled={!enough}
          >
            Compare
          </Button>
          <span className={classes.faint}>
            {chosen.length < MIN_MODELS
              ? "Choose at least two models."
              : ready.length === 0
                ? "Write a prompt."
                : `${plural(ready.length, "prompt")} × ${plural(chosen.length, "model")} = ${plural(ready.length * chosen.length, "request")}`}
          </span>
        </div>
      </form>
      <Past list={known} />
    </Page>
  );
}

function Models({ chosen, options }: { chosen: string[]; options: ReturnType<typeof modelOptions> }) {
  return (
    <>
      {chosen.length > 0 && (
        <ul className={classes.chosen} aria-label="Models to compare">
          {chosen.map(model => (
            <li key={model}>
              <span className="mono">{model}</span>
              <CloseButton
                size="xs"
                aria-label={`Take ${model} out`}
                onClick={() => change({ models: chosen.filter(m => m !== model) })}
              />
            </li>
          ))}
        </ul>
      )}
      <div className={classes.add}>
        <SearchSelect
          label="Add a model"
          value=""
          options={options.filter(o => !chosen.includes(o.value))}
          placeholder={chosen.length < MAX_MODELS ? "Add a model" : "Six models are enough"}
          nothing="No provider offers a model yet."
          disabled={chosen.length >= MAX_MODELS}
          onChange={model => change({ models: [...chosen, model] })}
        />
      </div>
    </>
  );
}

function Prompts({ prompts }: { prompts: string[] }) {
  const set = (at: number, text: string) => change({ prompts: prompts.map((p, i) => (i === at ? text : p)) });
  return (
    <>
      <ol className={classes.prompts}>
        {prompts.map((prompt, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a prompt's place is its identity
          <li key={i}>
            <Textarea
              aria-label={`Prompt ${i + 1}`}
              placeholder="What all of them are asked"
              autosize
              minRows={prompts.length > 1 ? 1 : 3}
              maxRows={10}
              value={prompt}
              onChange={event => set(i, event.currentTarget.value)}
              style={{ flex: 1 }}
              styles={{ input: { unicodeBidi: "plaintext" } }}
            />
            {prompts.length > 1 && (
              <CloseButton
                aria-label={`Remove prompt ${i + 1}`}
                onClick={() => change({ prompts: prompts.filter((_, at) => at !== i) })}
              />
            )}
          </li>
        ))}
      </ol>
      <Button
        variant="subtle"
        size="compact-sm"
        leftSection={<IconPlus size={14} />}
        onClick={() => change({ prompts: [...prompts, ""] })}
      >
        Add a prompt
      </Button>
    </>
  );
}
