import { Tabs } from "@mantine/core";
import { Page } from "../../ui/Page";
import { Requests } from "./Requests";
import { Totals } from "./Totals";
import classes from "./Usage.module.css";

export default function UsagePage() {
  return (
    <Page
      title="Usage"
      description="One line per request, written when it starts and settled when it ends."
      wide
      fixed
    >
      <Tabs defaultValue="requests" keepMounted={false} className={classes.tabs}>
        <Tabs.List>
          <Tabs.Tab value="requests">Requests</Tabs.Tab>
          <Tabs.Tab value="totals">Totals</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="requests" className={classes.panel}>
          <Requests />
        </Tabs.Panel>
        <Tabs.Panel value="totals" className={classes.panel}>
          <Totals />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
