import { Button, Tabs } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useState } from "react";
import { api, type CreatedKey } from "../../api";
import { keys } from "../../state/lists";
import { ACTIVE } from "../../state/models";
import { useStatus } from "../../state/session";
import { announce } from "../../ui/announce";
import { CodeBlock } from "../../ui/CodeBlock";
import { CopyField } from "../../ui/Copy";
import { Panel } from "../../ui/Page";
import { ErrorNote } from "../../ui/States";
import { useTask } from "../../ui/useTask";
import classes from "./Connect.module.css";
import { snippets } from "./snippets";

const NAME = "program";

/** For everything else: a key, and where to put it. */
export function Snippets() {
  const { endpoint } = useStatus();
  const [created, setCreated] = useState<CreatedKey | null>(null);
  const task = useTask();
  const create = () =>
    task.run(async () => {
      const taken = new Set((await api.call("keys.list")).keys.map(k => k.name));
      let name = NAME;
      for (let n = 2; taken.has(name); n++) name = `${NAME}-${n}`;
      setCreated(await api.call("keys.create", { name, project: "", models: [], expires: "" }));
      announce(`Created the key ${name}. It is shown once.`);
      await keys.reload();
    });
  return (
    <Panel
      title="Your own programs"
      aside={
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconKey size={15} />}
          loading={task.busy}
          onClick={() => void create()}
        >
          Create a key
        </Button>
      }
    >
      <div className={classes.programs}>
        {task.error && <ErrorNote title="No key was made" message={task.error} />}
        {created && (
          <div className={classes.fields}>
            <CopyField label="Key" value={created.secret} />
          </div>
        )}
        <p className={classes.soft}>
          {created
            ? `This is the only time the key “${created.key.name}” is shown.`
            : "Any library that takes a base URL works. Create a key to have it filled in."}
        </p>
        <Tabs defaultValue={snippets[0]?.id} keepMounted={false}>
          <Tabs.List aria-label="Libraries">
            {snippets.map(s => (
              <Tabs.Tab key={s.id} value={s.id}>
                {s.name}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          {snippets.map(s => (
            <Tabs.Panel key={s.id} value={s.id} pt="sm">
              <CodeBlock
                code={s.text(endpoint.url, created?.secret ?? "YOUR_KEY", ACTIVE)}
                language={s.language}
                highlight
              />
            </Tabs.Panel>
          ))}
        </Tabs>
      </div>
    </Panel>
  );
}
