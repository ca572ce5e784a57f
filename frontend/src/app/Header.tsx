import { ActionIcon, Button, Menu, Tooltip, useMantineColorScheme } from "@mantine/core";
import {
  IconBolt,
  IconDeviceDesktop,
  IconMoon,
  IconPlayerPause,
  IconPlayerPlay,
  IconSearch,
  IconSun,
} from "@tabler/icons-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { shortcutKeys } from "../actions/shortcuts";
import { ui } from "../actions/ui";
import { api, type EndpointStatus } from "../api";
import { models } from "../state/lists";
import { modelOptions } from "../state/models";
import { useResource } from "../state/resource";
import { useSession, useStatus } from "../state/session";
import { announce } from "../ui/announce";
import { CopyIcon } from "../ui/Copy";
import { Mood, type Tone } from "../ui/Dot";
import { attempt } from "../ui/notify";
import { SearchSelect } from "../ui/SearchSelect";
import classes from "./Header.module.css";

export function Header() {
  return (
    <header className={classes.header}>
      <ActiveModel />
      <div className={classes.right}>
        <Endpoint />
        <Tooltip label="Find an action">
          <ActionIcon
            variant="subtle"
            color="gray"
            c="dimmed"
            size={32}
            onClick={() => ui.openPalette()}
            aria-label={`Find an action (${shortcutKeys("mod+k").join("+")})`}
          >
            <IconSearch size={17} />
          </ActionIcon>
        </Tooltip>
        <Theme />
      </div>
    </header>
  );
}

function ActiveModel() {
  const { activeModel } = useStatus();
  const list = useResource(models);
  const options = useMemo(() => modelOptions(list.data?.models ?? []), [list.data]);
  const shown = useRef(activeModel);
  useEffect(() => {
    if (shown.current !== activeModel) announce(`The active model is now ${activeModel || "none"}.`);
    shown.current = activeModel;
  }, [activeModel]);
  return (
    <div className={classes.active}>
      <span className={classes.activeLabel} aria-hidden>
        Active model
      </span>
      <div className={classes.picker}>
        <SearchSelect
          label="Active model"
          size="xs"
          value={activeModel}
          options={options}
          placeholder="Choose a model"
          nothing={list.error || (list.data ? "No provider offers a model yet." : "Loading the models.")}
          icon={<IconBolt size={15} />}
          onChange={model => {
            void attempt("Changing the active model failed", () => api.call("activeModel.set", { model }));
          }}
        />
      </div>
    </div>
  );
}

const endpointMood: Record<EndpointStatus["state"], { tone: Tone; text: string }> = {
  on: { tone: "good", text: "On" },
  paused: { tone: "warn", text: "Paused" },
  failed: { tone: "bad", text: "Failed" },
};

function Endpoint() {
  const { endpoint } = useStatus();
  const { connection } = useSession();
  const [busy, setBusy] = useState(false);
  const mood = endpointMood[endpoint.state];
  const on = endpoint.state === "on";
  if (connection !== "open") {
    return (
      <div className={classes.endpoint} role="status">
        <Mood tone="warn">Reconnecting</Mood>
      </div>
    );
  }
  return (
    <div className={classes.endpoint}>
      <Mood tone={mood.tone}>{mood.text}</Mood>
      <code className={classes.url} title={endpoint.addresses.join(", ")}>
        {endpoint.url.replace(/^https?:\/\//, "")}
      </code>
      <CopyIcon text={endpoint.url} what="endpoint's address" />
      <Tooltip label={on ? "Answer requests with “paused” until resumed" : "Take requests again"}>
        <Button
          variant="default"
          size="compact-sm"
          loading={busy}
          leftSection={on ? <IconPlayerPause size={14} /> : <IconPlayerPlay size={14} />}
          onClick={async () => {
            setBusy(true);
            await attempt(on ? "Pausing the endpoint failed" : "Resuming the endpoint failed", () =>
              api.call(on ? "endpoint.pause" : "endpoint.resume"),
            );
            setBusy(false);
          }}
        >
          {on ? "Pause" : "Resume"}
        </Button>
      </Tooltip>
    </div>
  );
}

const themes = [
  { value: "light", label: "Light", icon: IconSun },
  { value: "dark", label: "Dark", icon: IconMoon },
  { value: "auto", label: "As the system", icon: IconDeviceDesktop },
] as const;

function Theme() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  useEffect(() => {
    ui.setTheme = setColorScheme;
  }, [setColorScheme]);
  const Current = themes.find(t => t.value === colorScheme)?.icon ?? IconDeviceDesktop;
  return (
    <Menu position="bottom-end" width={180} shadow="md">
      <Menu.Target>
        <Tooltip label="Theme">
          <ActionIcon variant="subtle" color="gray" c="dimmed" size={32} aria-label="Theme">
            <Current size={17} />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Theme</Menu.Label>
        {themes.map(({ value, label, icon: Icon }) => (
          <Menu.Item
            key={value}
            leftSection={<Icon size={15} />}
            onClick={() => setColorScheme(value)}
            aria-current={colorScheme === value || undefined}
            fw={colorScheme === value ? 600 : undefined}
          >
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
