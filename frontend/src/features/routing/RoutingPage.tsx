import { Tabs } from "@mantine/core";
import type { ComponentType } from "react";
import { go } from "../../state/route";
import { Page } from "../../ui/Page";
import { Defaults } from "./Defaults";
import { DryRun } from "./DryRun";
import { Health } from "./Health";
import { type Place, placeOf } from "./place";
import { Rollouts } from "./Rollouts";
import classes from "./Routing.module.css";
import { Rules } from "./Rules";
import { VirtualModels } from "./VirtualModels";

const SECTIONS: { name: string; label: string; View: ComponentType<{ place: Place }> }[] = [
  { name: "dry-run", label: "Dry run", View: DryRun },
  { name: "models", label: "Virtual models", View: VirtualModels },
  { name: "rules", label: "Rules", View: Rules },
  { name: "rollouts", label: "Rollouts", View: Rollouts },
  { name: "defaults", label: "Defaults", View: Defaults },
  { name: "health", label: "Health", View: Health },
];

/** What is shown is named by the address: a section, then what of it. */
export default function RoutingPage({ item }: { item: string }) {
  const [name = "", ...rest] = item.split("/");
  const section = SECTIONS.find(s => s.name === name) ?? SECTIONS[0];
  return (
    <Page title="Routing" description="Who answers a request, and who takes over where they fail." wide>
      <Tabs
        value={section?.name ?? null}
        onChange={value => value && go("routing", value)}
        keepMounted={false}
        className={classes.tabs}
      >
        <Tabs.List>
          {SECTIONS.map(s => (
            <Tabs.Tab key={s.name} value={s.name} onClick={() => go("routing", s.name)}>
              {s.label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {SECTIONS.map(({ name: value, View }) => (
          <Tabs.Panel key={value} value={value} className={classes.panel}>
            <View place={placeOf(rest)} />
          </Tabs.Panel>
        ))}
      </Tabs>
    </Page>
  );
}
