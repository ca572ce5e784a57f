import { Button } from "@mantine/core";
import { IconPlus, IconRoute } from "@tabler/icons-react";
import { useState } from "react";
import type { SettingsVirtualModel } from "../../api";
import { useResource } from "../../state/resource";
import { change, settings } from "../../state/settings";
import { CopyIcon } from "../../ui/Copy";
import { Mood } from "../../ui/Dot";
import { Empty, ErrorNote, Loading } from "../../ui/States";
import tables from "../../ui/Table.module.css";
import { ChangeDialog } from "./Draft";
import { openEdit, openNew, type Place } from "./place";
import classes from "./Routing.module.css";
import { VirtualModelForm } from "./VirtualModelForm";

export function VirtualModels({ place }: { place: Place }) {
  const { data, error } = useResource(settings);
  const all = data?.effective.virtualModels ?? {};
  const names = Object.keys(all);
  if (!data) {
    return error ? (
      <ErrorNote title="The settings can't be read" message={error} retry={() => void settings.reload()} />
    ) : (
      <Loading what="virtual models" rows={4} />
    );
  }
  if (place.kind === "new") return <VirtualModelForm key="" name="" value={{}} taken={names} />;
  if (place.kind === "edit") {
    const value = all[place.name];
    if (value) {
      return <VirtualModelForm key={place.name} name={place.name} value={value} taken={names} />;
    }
  }
  return <List all={all} missing={place.kind === "edit" ? place.name : ""} />;
}

function List({ all, missing }: { all: Record<string, SettingsVirtualModel>; missing: string }) {
  const [deleting, setDeleting] = useState("");
  const names = Object.keys(all);
  return (
    <div className={classes.stack}>
      <div className={classes.bar}>
        <p className={classes.soft}>
          Models of your own making: a name that clients ask for, which stands for others, with options of its
          own.
        </p>
        <Button leftSection={<IconPlus size={15} />} onClick={() => openNew("models")}>
          New virtual model
        </Button>
      </div>
      {missing && <ErrorNote title="Not there" message={`There is no virtual model ${missing} any more`} />}
      {names.length === 0 && (
        <Empty icon={<IconRoute size={22} />} title="No virtual models yet">
          One name for your editors, whatever answers: with fallbacks, weights and parameters that you change
          here.
        </Empty>
      )}
      {names.length > 0 && (
        <div className={tables.box}>
          <table className={tables.table}>
            <caption className="visually-hidden">Virtual models</caption>
            <thead>
              <tr>
                <th>Name</th>
                <th>Stands for</th>
                <th>Fallbacks</th>
                <th>State</th>
                <th className={tables.actions}>
                  <span className="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {Object.entries(all).map(([name, model]) => (
                <Row key={name} name={name} of={model} onDelete={() => setDeleting(name)} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {deleting && (
        <ChangeDialog
          title={`Delete the virtual model ${deleting}?`}
          confirm="Delete"
          danger
          changes={[change(["virtualModels", deleting])]}
          saved={`The virtual model ${deleting} is deleted.`}
          onClose={() => setDeleting("")}
        >
          Requests for it are refused from then on.
        </ChangeDialog>
      )}
    </div>
  );
}

/** What a virtual model stands for, in words. */
export function standsFor(model: SettingsVirtualModel): string {
  if (model.model) return model.model;
  const targets = model.targets ?? [];
  const sum = targets.reduce((n, t) => n + (t.weight ?? 0), 0);
  return targets
    .map(t => (t.weight && sum > 0 ? `${t.model} ${Math.round((100 * t.weight) / sum)} %` : t.model))
    .join(", ");
}

function Row({ name, of: model, onDelete }: { name: string; of: SettingsVirtualModel; onDelete(): void }) {
  const fallbacks = model.options?.models ?? [];
  return (
    <tr>
      <td className={classes.strong}>
        <span className={classes.named}>
          <code className="mono">{name}</code>
          <CopyIcon text={name} what={`name ${name}`} size={22} />
        </span>
      </td>
      <td className={classes.wrap}>{standsFor(model)}</td>
      <td className={classes.wrap}>{fallbacks.length > 0 ? fallbacks.join(", ") : "–"}</td>
      <td>{model.archived ? <Mood tone="quiet">Put away</Mood> : <Mood tone="good">In use</Mood>}</td>
      <td className={tables.actions}>
        <Button
          size="compact-xs"
          variant="default"
          onClick={() => openEdit("models", name)}
          aria-label={`Edit ${name}`}
        >
          Edit
        </Button>{" "}
        <Button
          size="compact-xs"
          variant="subtle"
          color="red"
          onClick={onDelete}
          aria-label={`Delete ${name}`}
        >
          Delete
        </Button>
      </td>
    </tr>
  );
}
