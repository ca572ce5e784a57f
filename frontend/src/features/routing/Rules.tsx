import { Button, Group } from "@mantine/core";
import { IconFilter, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import type { SettingChange, SettingsRule } from "../../api";
import { useResource } from "../../state/resource";
import { PROTOCOLS } from "../../state/routing";
import { change, settings } from "../../state/settings";
import { Mood } from "../../ui/Dot";
import { Ordered } from "../../ui/Ordered";
import { Empty, ErrorNote, Loading } from "../../ui/States";
import { ChangeDialog } from "./Draft";
import { hourSpans } from "./hours";
import { openEdit, openNew, type Place } from "./place";
import classes from "./Routing.module.css";
import { RuleForm } from "./RuleForm";

export function Rules({ place }: { place: Place }) {
  const { data, error } = useResource(settings);
  if (!data) {
    return error ? (
      <ErrorNote title="The settings can't be read" message={error} retry={() => void settings.reload()} />
    ) : (
      <Loading what="rules" rows={4} />
    );
  }
  const rules = data.effective.rules ?? [];
  if (place.kind === "new") return <RuleForm key="" at={rules.length} rules={rules} />;
  if (place.kind === "edit") {
    const at = rules.findIndex(rule => rule.id === place.name);
    if (at >= 0) return <RuleForm key={place.name} at={at} rules={rules} />;
  }
  return <List rules={rules} missing={place.kind === "edit" ? place.name : ""} />;
}

interface Asked {
  title: string;
  confirm: string;
  saved: string;
  danger?: boolean;
  changes: SettingChange[];
}

function List({ rules, missing }: { rules: SettingsRule[]; missing: string }) {
  const [order, setOrder] = useState<string[] | null>(null);
  const [asked, setAsked] = useState<Asked | null>(null);
  const shown = inOrder(rules, order);
  const moved = shown.some((rule, at) => rule !== rules[at]);
  const without = (id: string) => rules.filter(rule => rule.id !== id);
  return (
    <div className={classes.stack}>
      <div className={classes.bar}>
        <p className={classes.soft}>
          Rules deny requests or send them to another model. The first one that matches decides.
        </p>
        <Group gap="xs">
          {moved && (
            <>
              <Button variant="default" onClick={() => setOrder(null)}>
                Put back
              </Button>
              <Button
                onClick={() =>
                  setAsked({
                    title: "Save this order?",
                    confirm: "Save",
                    saved: "The order is saved.",
                    changes: [change(["rules"], shown)],
                  })
                }
              >
                Save the order
              </Button>
            </>
          )}
          <Button
            leftSection={<IconPlus size={15} />}
            variant={moved ? "default" : "filled"}
            onClick={() => openNew("rules")}
          >
            New rule
          </Button>
        </Group>
      </div>
      {missing && <ErrorNote title="Not there" message={`There is no rule ${missing} any more`} />}
      {rules.length === 0 && (
        <Empty icon={<IconFilter size={22} />} title="No rules yet">
          Keep a project off the expensive models, or move night jobs to a cheaper one, without touching a
          client.
        </Empty>
      )}
      {rules.length > 0 && (
        <div className={classes.padded}>
          <Ordered
            label="Rules in order"
            items={shown}
            onChange={next => setOrder(next.map(rule => rule.id))}
            nameOf={rule => rule.id}
            keyOf={rule => rule.id}
            removable={false}
            render={rule => (
              <Row
                of={rule}
                onSwitch={() =>
                  setAsked({
                    title: rule.disabled
                      ? `Switch the rule ${rule.id} on?`
                      : `Switch the rule ${rule.id} off?`,
                    confirm: rule.disabled ? "Switch on" : "Switch off",
                    saved: `The rule ${rule.id} is switched ${rule.disabled ? "on" : "off"}.`,
                    changes: [
                      change(
                        ["rules"],
                        rules.map(r => (r.id === rule.id ? switched(r) : r)),
                      ),
                    ],
                  })
                }
                onDelete={() =>
                  setAsked({
                    title: `Delete the rule ${rule.id}?`,
                    confirm: "Delete",
                    danger: true,
                    saved: `The rule ${rule.id} is deleted.`,
                    changes: [change(["rules"], without(rule.id))],
                  })
                }
              />
            )}
          />
        </div>
      )}
      {asked && <ChangeDialog {...asked} onClose={() => setAsked(null)} />}
    </div>
  );
}

function switched({ disabled, ...rule }: SettingsRule): SettingsRule {
  return disabled ? rule : { ...rule, disabled: true };
}

/** Rules in an order that is not saved yet; those that it doesn't name, because they are new, come last. */
function inOrder(rules: SettingsRule[], order: string[] | null): SettingsRule[] {
  if (!order) return rules;
  const place = (rule: SettingsRule) => {
    const at = order.indexOf(rule.id);
    return at < 0 ? order.length : at;
  };
  return rules.toSorted((a, b) => place(a) - place(b));
}

function Row({ of: rule, onSwitch, onDelete }: { of: SettingsRule; onSwitch(): void; onDelete(): void }) {
  return (
    <div className={classes.rule}>
      <div>
        <div className={classes.who}>
          <strong>{rule.id}</strong>
          {rule.disabled ? (
            <Mood tone="quiet">Off</Mood>
          ) : rule.deny ? (
            <Mood tone="bad">Denies</Mood>
          ) : (
            <Mood tone="good">{`Uses ${rule.rewrite}`}</Mood>
          )}
        </div>
        <div className={classes.soft}>{conditionText(rule)}</div>
        {rule.reason && <div className={classes.faint}>“{rule.reason}”</div>}
      </div>
      <Group gap={6} wrap="nowrap">
        <Button
          size="compact-xs"
          variant="default"
          onClick={() => openEdit("rules", rule.id)}
          aria-label={`Edit ${rule.id}`}
        >
          Edit
        </Button>
        <Button
          size="compact-xs"
          variant="default"
          onClick={onSwitch}
          aria-label={`Switch ${rule.disabled ? "on" : "off"} ${rule.id}`}
        >
          {rule.disabled ? "Switch on" : "Switch off"}
        </Button>
        <Button
          size="compact-xs"
          variant="subtle"
          color="red"
          onClick={onDelete}
          aria-label={`Delete ${rule.id}`}
        >
          Delete
        </Button>
      </Group>
    </div>
  );
}

/** What a rule holds for, in words. */
export function conditionText(rule: SettingsRule): string {
  const named = (values: string[] | undefined, what: string) =>
    values?.length ? [`${what} ${values.join(", ")}`] : [];
  const protocols = rule.protocols?.map(p => PROTOCOLS.find(known => known.value === p)?.label ?? p);
  const parts = [
    ...named(rule.models, "model"),
    ...named(rule.keys, "key"),
    ...named(rule.projects, "project"),
    ...named(rule.tags, "tag"),
    ...named(protocols, "protocol"),
    ...named(hourSpans(rule.hours ?? []), "at"),
  ];
  return parts.length > 0 ? parts.join(" · ") : "Every request";
}
