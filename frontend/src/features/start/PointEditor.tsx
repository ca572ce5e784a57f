import { Button, SegmentedControl } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useState } from "react";
import { api, type CreatedKey } from "../../api";
import { keys } from "../../state/lists";
import { ACTIVE } from "../../state/models";
import { useResource } from "../../state/resource";
import { routeHash } from "../../state/route";
import { useStatus } from "../../state/session";
import { announce } from "../../ui/announce";
import { CopyBlock, CopyField } from "../../ui/Copy";
import { ErrorNote } from "../../ui/States";
import { useTask } from "../../ui/useTask";
import { clients, curlLine, freeName } from "./clients";
import classes from "./Start.module.css";

export function PointEditor() {
  const { endpoint, activeModel } = useStatus();
  const list = useResource(keys);
  const [chosen, setChosen] = useState(clients[0]?.id ?? "");
  const [created, setCreated] = useState<ReadonlyMap<string, CreatedKey>>(new Map());
  const task = useTask();
  const client = clients.find(c => c.id === chosen) ?? clients[0];
  if (!client) return null;
  const key = created.get(client.id);
  const existing = list.data?.keys.find(k => k.name === client.id && !k.revokedAt);

  const create = () =>
    task.run(async () => {
      const name = freeName(client.id, list.data?.keys.map(k => k.name) ?? []);
      const made = await api.call("keys.create", { name, project: "", models: [], expires: "" });
      setCreated(new Map(created).set(client.id, made));
      announce(`Created the key ${name}. It is shown once.`);
    });

  return (
    <>
      <SegmentedControl
        value={client.id}
        onChange={value => {
          setChosen(value);
          task.clear();
        }}
        data={clients.map(c => ({ value: c.id, label: c.name }))}
        aria-label="Client"
        className={classes.clients}
      />
      {!key && (
        <div className={classes.makeKey}>
          <Button leftSection={<IconKey size={15} />} loading={task.busy} onClick={() => void create()}>
            {existing ? `Create another key for ${client.name}` : `Create a key for ${client.name}`}
          </Button>
          {existing && (
            <span className={classes.soft}>
              “{existing.name}” ({existing.hint}) exists; its value was shown once.
            </span>
          )}
        </div>
      )}
      {task.error && <ErrorNote title="No key was made" message={task.error} />}
      {key && (
        <p className={classes.once} role="note">
          This is the only time the key “{key.key.name}” is shown. Copy it now.
        </p>
      )}
      {client.id === "curl" ? (
        <CopyBlock text={curlLine(endpoint.url, key?.secret ?? "YOUR_KEY", ACTIVE)} what="curl command" />
      ) : (
        <>
          <p>{client.steps}</p>
          <div className={classes.fields}>
            <CopyField label="Provider" value="OpenAI Compatible" />
            <CopyField label="Base URL" value={`${endpoint.url}/v1`} />
            {key ? (
              <CopyField label="API Key" value={key.secret} />
            ) : (
              <div className={classes.pending}>
                <span>API Key</span>
                <span>Create one above</span>
              </div>
            )}
            <CopyField label="Model ID" value={ACTIVE} />
          </div>
        </>
      )}
      <p className={classes.small}>
        <span>
          <code className="mono">{ACTIVE}</code> is whatever the header says, at the moment{" "}
          <code className="mono">{activeModel || "nothing"}</code>. Any ID of the{" "}
          <a href={routeHash("models")}>models</a> works as well.
        </span>
      </p>
    </>
  );
}
