import { Button, Collapse, Select, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import type { RouteQuery } from "../../api";
import { keys } from "../../state/lists";
import { useResource } from "../../state/resource";
import { HOURS, PROTOCOLS } from "../../state/routing";
import { ModelField } from "./ModelField";
import classes from "./Routing.module.css";

interface FieldsProps {
  value: RouteQuery;
  onChange(value: RouteQuery): void;
}

/** What is asked for, and by whom. */
export function QueryFields({ value, onChange }: FieldsProps) {
  const list = useResource(keys);
  const [more, setMore] = useState(false);
  const set = (part: Partial<RouteQuery>) => onChange({ ...value, ...part });
  const names = (list.data?.keys ?? []).filter(k => !k.revokedAt).map(k => k.name);
  return (
    <div className={classes.stack}>
      <ModelField label="Model" value={value.model} onChange={model => set({ model })} />
      <Select
        label="Protocol"
        description="What the client speaks"
        data={[...PROTOCOLS]}
        value={value.protocol}
        onChange={protocol => set({ protocol: (protocol ?? "") as RouteQuery["protocol"] })}
        allowDeselect={false}
      />
      <Select
        label="API key"
        description="Whose rules and models hold"
        placeholder="Nobody's"
        data={[...new Set(names)]}
        value={value.key || null}
        onChange={key => set({ key: key ?? "" })}
        clearable
        clearButtonProps={{ "aria-label": "Clear the API key" }}
      />
      <Button
        size="compact-sm"
        variant="subtle"
        className={classes.more}
        aria-expanded={more}
        onClick={() => setMore(!more)}
      >
        {more ? "Less" : "Project, hour, options"}
      </Button>
      <Collapse expanded={more}>
        <div className={classes.stack}>
          <TextInput
            label="Project"
            description="Where it is not the key's"
            value={value.project}
            onChange={event => set({ project: event.currentTarget.value })}
          />
          <Select
            label="Hour of the day"
            placeholder="Now"
            data={HOURS}
            value={value.hour === null ? null : String(value.hour)}
            onChange={hour => set({ hour: hour === null ? null : Number(hour) })}
            clearable
            clearButtonProps={{ "aria-label": "Clear the hour" }}
          />
          <TextInput
            label="Conversation"
            description="What sticks to a conversation is decided by it"
            placeholder="Left to chance"
            value={value.conversation}
            onChange={event => set({ conversation: event.currentTarget.value })}
          />
          <Textarea
            label="Options"
            description="An object as in providerOptions.gateway"
            placeholder={'{"sort": "cost", "tags": ["nightly"]}'}
            value={value.options}
            onChange={event => set({ options: event.currentTarget.value })}
            autosize
            minRows={2}
            maxRows={8}
            spellCheck={false}
            classNames={{ input: "mono" }}
          />
        </div>
      </Collapse>
    </div>
  );
}
