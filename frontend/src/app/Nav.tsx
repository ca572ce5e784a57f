import { Tooltip } from "@mantine/core";
import {
  IconChartBar,
  IconColumns3,
  IconCube,
  IconDoorEnter,
  IconKey,
  IconLock,
  IconMessage2,
  IconPigMoney,
  IconPlug,
  IconRoute,
  IconSettings,
} from "@tabler/icons-react";
import { pageLabel, pageShortcuts } from "../actions/registry";
import { shortcutKeys } from "../actions/shortcuts";
import { PAGES, type PageName, routeHash } from "../state/route";
import { useStatus } from "../state/session";
import { Mark } from "../ui/Logo";
import classes from "./Nav.module.css";

const icons: Record<PageName, typeof IconKey> = {
  start: IconDoorEnter,
  chat: IconMessage2,
  models: IconCube,
  routing: IconRoute,
  usage: IconChartBar,
  budgets: IconPigMoney,
  connect: IconPlug,
  keys: IconKey,
  credentials: IconLock,
  settings: IconSettings,
  compare: IconColumns3,
};

export function Nav({ current }: { current: PageName }) {
  const status = useStatus();
  return (
    <nav className={classes.nav} aria-label="Pages">
      <div className={classes.brand}>
        <Mark size={26} />
        <span className={classes.name}>Gatehouse</span>
      </div>
      <ul className={classes.list}>
        {PAGES.map(page => {
          const Icon = icons[page];
          return (
            <li key={page}>
              <Tooltip label={labelWithKeys(page)} position="right">
                <a
                  href={routeHash(page)}
                  className={classes.link}
                  aria-current={page === current ? "page" : undefined}
                >
                  <Icon size={18} stroke={1.7} aria-hidden />
                  <span className={classes.label}>{pageLabel(page)}</span>
                </a>
              </Tooltip>
            </li>
          );
        })}
      </ul>
      <p className={classes.version} title={`Gatehouse ${status.version}, ${status.build}`}>
        {status.version}
      </p>
    </nav>
  );
}

function labelWithKeys(page: PageName): string {
  const keys = pageShortcuts(page).map(shortcut => ` (${shortcutKeys(shortcut).join("+")})`);
  return pageLabel(page) + keys.join("");
}
