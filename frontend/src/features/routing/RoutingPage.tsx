import { Tabs } from "@mantine/core";
import { go } from "../../state/route";
import { Page } from "../../ui/Page";
import { DryRun } from "./DryRun";
import { Health } from "./Health";
import classes from "./Routing.module.css";

const SECTIONS = [
  { name: "dry-run", label: "Dry run", View: DryRun },
  { name: "health", label: "Health", View: Health },
];

/** What is shown is named by the address: a section, then what of it. */
export default function RoutingPage({ item }: { item: string }) {
  const [name = ""] = item.split("/");
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
            <Tabs.Tab key={s.name} value={s.name}>
              {s.label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {SECTIONS.map(({ name: value, View }) => (
          <Tabs.Panel key={value} value={value} className={classes.panel}>
            <View />
          </Tabs.Panel>
        ))}
      </Tabs>
    </Page>
  );
}
