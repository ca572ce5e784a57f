import { Tabs } from "@mantine/core";
import { useEffect } from "react";
import { useRequest } from "../../state/request";
import { go, replaceRoute } from "../../state/route";
import { narrow, RANGES } from "../../state/scope";
import { Page } from "../../ui/Page";
import { LogView } from "./LogView";
import { Overview } from "./Overview";
import { RequestDrawer } from "./RequestDrawer";
import { ScopeBar } from "./ScopeBar";
import classes from "./Usage.module.css";
import { isRequest, REQUESTS } from "./views";

/** The item is empty for the overview, says to show the requests or a range of time, or is the id of a request to open. */
export default function UsagePage({ item }: { item: string }) {
  const range = RANGES.find(r => r.value === item)?.value;
  useEffect(() => {
    if (!range) return;
    narrow({ range });
    replaceRoute("usage");
  }, [range]);
  const id = isRequest(item) ? item : "";
  const tab = id || item === REQUESTS ? REQUESTS : "overview";
  const opened = useRequest(id);
  return (
    <Page title="Usage" wide fixed>
      <Tabs
        value={tab}
        onChange={value => go("usage", value === REQUESTS ? REQUESTS : "")}
        keepMounted={false}
        className={classes.tabs}
      >
        <Tabs.List>
          <Tabs.Tab value="overview">Overview</Tabs.Tab>
          <Tabs.Tab value={REQUESTS}>Requests</Tabs.Tab>
        </Tabs.List>
        <ScopeBar search={tab === REQUESTS} />
        <Tabs.Panel value="overview" className={classes.panel}>
          <Overview />
        </Tabs.Panel>
        <Tabs.Panel value={REQUESTS} className={classes.panel}>
          <LogView />
        </Tabs.Panel>
      </Tabs>
      <RequestDrawer
        id={id}
        record={opened.record}
        error={opened.error}
        onClose={() => replaceRoute("usage", REQUESTS)}
      />
    </Page>
  );
}
