import { Autocomplete, type AutocompleteProps } from "@mantine/core";
import { useMemo } from "react";
import { matches } from "../../lib/search";
import { models } from "../../state/lists";
import { useResource } from "../../state/resource";

/** More than this is not read by anyone. */
const SHOWN = 40;

type Props = Omit<AutocompleteProps, "data" | "filter" | "limit">;

/** A model's id, offered while it is typed. Any other text is taken too: not every model is in a list. */
export function ModelField(props: Props) {
  const { data } = useResource(models);
  const ids = useMemo(() => [...new Set((data?.models ?? []).map(m => m.id))], [data]);
  return (
    <Autocomplete
      data={ids}
      limit={SHOWN}
      filter={({ options, search, limit }) =>
        options.filter(o => "label" in o && matches(search, o.label)).slice(0, limit)
      }
      spellCheck={false}
      autoComplete="off"
      comboboxProps={{ shadow: "md" }}
      {...props}
    />
  );
}
