import { createSpotlight, Spotlight } from "@mantine/spotlight";
import { IconBolt, IconSearch } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { Keys } from "../actions/Keys";
import { actionsOn } from "../actions/onwhat";
import { type Action, actions } from "../actions/registry";
import { ui } from "../actions/ui";
import { api } from "../api";
import { matches, resembles } from "../lib/search";
import { budgets } from "../state/budgets";
import { editors, models } from "../state/lists";
import { ACTIVE } from "../state/models";
import { useResource } from "../state/resource";
import { attempt } from "../ui/notify";

const [store, palette] = createSpotlight();

const MODELS_SHOWN = 8;

/** What the words say comes alone; only where they say nothing, what their letters might mean. */
function find(query: string, more: Action[]): Action[] {
  const offered = [...actions.filter(a => a.id !== "palette" && a.available()), ...more];
  const named = offered.filter(a => matches(query, a.label, a.group, a.keywords ?? ""));
  return named.length > 0 ? named : offered.filter(a => resembles(query, a.label));
}

/** The list of all actions, searched by typing. */
export function Palette() {
  const [query, setQuery] = useState("");
  useEffect(() => {
    ui.openPalette = () => palette.open();
  }, []);
  return (
    <Spotlight.Root
      store={store}
      query={query}
      onQueryChange={setQuery}
      shortcut={null}
      scrollable
      maxHeight={420}
      clearQueryOnClose
      overlayProps={{ backgroundOpacity: 0.35, blur: 0 }}
    >
      <Spotlight.Search
        placeholder="Find an action or a model"
        aria-label="Find an action or a model"
        leftSection={<IconSearch size={17} stroke={1.6} />}
      />
      <Results query={query} />
    </Spotlight.Root>
  );
}

// It is there while the palette is open, so that only then the lists are kept fresh that it offers actions on.
function Results({ query }: { query: string }) {
  const list = useResource(models);
  const known = useResource(editors).data?.editors ?? [];
  const spending = useResource(budgets).data?.budgets ?? [];
  const found = find(query, query ? actionsOn(known, spending) : []);
  const choices = query
    ? (list.data?.models ?? [])
        .filter(m => m.id !== ACTIVE && matches(query, m.id, m.name, "use active model"))
        .slice(0, MODELS_SHOWN)
    : [];
  const groups = [...new Set(found.map(a => a.group))];
  return (
    <Spotlight.ActionsList>
      {groups.map(group => (
        <Spotlight.ActionsGroup label={group} key={group}>
          {found
            .filter(a => a.group === group)
            .map(a => (
              <Spotlight.Action
                key={a.id}
                label={a.label}
                rightSection={a.shortcuts[0] ? <Keys shortcut={a.shortcuts[0]} /> : undefined}
                onClick={() => void a.run()}
              />
            ))}
        </Spotlight.ActionsGroup>
      ))}
      {choices.length > 0 && (
        <Spotlight.ActionsGroup label="Make active">
          {choices.map(model => (
            <Spotlight.Action
              key={model.id}
              label={model.id}
              description={model.name === model.id ? undefined : model.name}
              leftSection={<IconBolt size={16} />}
              onClick={() =>
                void attempt("Changing the active model failed", () =>
                  api.call("activeModel.set", { model: model.id }),
                )
              }
            />
          ))}
        </Spotlight.ActionsGroup>
      )}
      {found.length + choices.length === 0 && <Spotlight.Empty>Nothing matches.</Spotlight.Empty>}
    </Spotlight.ActionsList>
  );
}
