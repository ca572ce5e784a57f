// Everything that can be done from anywhere: the palette lists it, the keyboard runs it, the help shows it.
import { api } from "../api";
import { stopStreaming } from "../state/chat";
import { stopComparing } from "../state/compare";
import { type Here, here } from "../state/here";
import { go, PAGES, type PageName } from "../state/route";
import { session } from "../state/session";
import { backUp } from "../state/stored";
import { attempt } from "../ui/notify";
import {
  activeIsFavourite,
  copyEndpoint,
  searchChats,
  setActiveFavourite,
  testCredentials,
} from "./commands";
import { ui } from "./ui";

export interface Action {
  id: string;
  label: string;
  group: string;
  /** The first works everywhere; browsers keep some keys for themselves, so there may be others. */
  shortcuts: string[];
  /** Words that find it besides its label. */
  keywords?: string;
  /** False where the action makes no sense at the moment. */
  available(): boolean;
  /** Gives back false where there was nothing to do, so that the key keeps its usual meaning. */
  run(): unknown;
}

const PAGE_LABELS: Record<PageName, string> = {
  start: "Start",
  chat: "Chat",
  models: "Models",
  routing: "Routing",
  usage: "Usage",
  budgets: "Budgets",
  connect: "Connect",
  keys: "Keys",
  credentials: "Credentials",
  settings: "Settings",
  compare: "Compare",
};

const always = () => true;
/** Something that is done with the conversation in view. */
function withChat(command: keyof Here, label: string, shortcuts: string[], keywords: string): Action {
  return {
    id: `chat.${command}`,
    label,
    group: "Chat",
    shortcuts,
    keywords,
    available: () => here.get()[command] !== undefined,
    run: () => here.get()[command]?.(),
  };
}

const endpointState = () => session.get().status?.endpoint.state;

export const actions: Action[] = [
  {
    id: "palette",
    label: "Find an action",
    group: "General",
    shortcuts: ["mod+k"],
    available: always,
    run: () => ui.openPalette(),
  },
  ...PAGES.map(page => ({
    id: `page.${page}`,
    label: `Go to ${PAGE_LABELS[page]}`,
    group: "Pages",
    shortcuts: pageShortcuts(page),
    available: always,
    run: () => go(page),
  })),
  {
    id: "chat.new",
    label: "New chat",
    group: "Chat",
    shortcuts: ["alt+n", "mod+n"],
    keywords: "conversation",
    available: always,
    run: () => go("chat"),
  },
  {
    id: "chat.stop",
    label: "Stop the answer",
    group: "Chat",
    shortcuts: ["escape"],
    available: always,
    run: () => stopStreaming() || stopComparing(),
  },
  {
    id: "chat.search",
    label: "Search the conversations",
    group: "Chat",
    shortcuts: ["alt+shift+f"],
    keywords: "find history",
    available: always,
    run: searchChats,
  },
  withChat("attach", "Add files to the message", ["alt+a"], "attach picture image pdf upload"),
  withChat("retry", "Ask again", ["alt+shift+r"], "retry regenerate same model"),
  withChat("retryOther", "Ask another model", ["alt+shift+m"], "retry regenerate answer instead"),
  withChat("copyLast", "Copy the last answer", ["alt+shift+c"], "clipboard"),
  withChat("editLast", "Edit the last message", ["alt+shift+e"], "send again change"),
  withChat("branch", "Branch at the last answer", ["alt+shift+b"], "fork conversation copy"),
  withChat("configure", "Set the system prompt and temperature", ["alt+shift+s"], "default model configure"),
  withChat("pin", "Pin the conversation, or unpin it", ["alt+shift+p"], "keep first"),
  withChat("rename", "Rename the conversation", [], "title"),
  withChat("exportMarkdown", "Export the conversation as Markdown", [], "save download"),
  withChat("exportJson", "Export the conversation as JSON", [], "save download"),
  withChat("remove", "Delete the conversation", [], "remove trash"),
  {
    id: "compare.new",
    label: "Compare models",
    group: "Chat",
    shortcuts: ["alt+c"],
    keywords: "side by side evaluation winner prompts table csv",
    available: always,
    run: () => go("compare"),
  },
  {
    id: "routing.dryRun",
    label: "Try a request's route",
    group: "Routing",
    shortcuts: ["alt+r"],
    keywords: "dry run explain attempts fallback",
    available: always,
    run: () => go("routing", "dry-run"),
  },
  ...[
    { section: "models", label: "Show the virtual models", keywords: "alias fallback weights" },
    { section: "rules", label: "Show the routing rules", keywords: "deny rewrite order" },
    { section: "rollouts", label: "Show the rollouts", keywords: "compare share raise roll back" },
  ].map(({ section, label, keywords }) => ({
    id: `routing.${section}`,
    label,
    group: "Routing",
    shortcuts: [],
    keywords,
    available: always,
    run: () => go("routing", section),
  })),
  {
    id: "routing.models.new",
    label: "New virtual model",
    group: "Routing",
    shortcuts: [],
    keywords: "add alias fallback weights",
    available: always,
    run: () => go("routing", "models/new"),
  },
  {
    id: "routing.rules.new",
    label: "New routing rule",
    group: "Routing",
    shortcuts: [],
    keywords: "add deny rewrite block",
    available: always,
    run: () => go("routing", "rules/new"),
  },
  {
    id: "routing.rollouts.new",
    label: "New rollout",
    group: "Routing",
    shortcuts: [],
    keywords: "add progressive share percent",
    available: always,
    run: () => go("routing", "rollouts/new"),
  },
  {
    id: "routing.defaults",
    label: "Change timeouts, parameters and the paid fallback",
    group: "Routing",
    shortcuts: [],
    keywords: "defaults gateway temperature wait",
    available: always,
    run: () => go("routing", "defaults"),
  },
  {
    id: "routing.health",
    label: "Show who is passed over",
    group: "Routing",
    shortcuts: [],
    keywords: "health breaker limit parked provider",
    available: always,
    run: () => go("routing", "health"),
  },
  {
    id: "health.reset",
    label: "Reset the health of all providers",
    group: "Routing",
    shortcuts: [],
    keywords: "breaker limit parked",
    available: always,
    run: () => attempt("Resetting failed", () => api.call("health.reset", { provider: "" })),
  },
  {
    id: "usage.requests",
    label: "Show the requests",
    group: "Usage",
    shortcuts: ["alt+l"],
    keywords: "log history errors search",
    available: always,
    run: () => go("usage", "requests"),
  },
  ...[
    { item: "today", label: "Show today's usage" },
    { item: "7d", label: "Show the usage of 7 days" },
    { item: "30d", label: "Show the usage of 30 days" },
    { item: "month", label: "Show this month's usage" },
  ].map(({ item, label }) => ({
    id: `usage.${item}`,
    label,
    group: "Usage",
    shortcuts: [],
    keywords: "spend cost tokens report",
    available: always,
    run: () => go("usage", item),
  })),
  ...[
    {
      part: "history",
      label: "Choose how much history is kept",
      keywords: "retention age size days megabytes",
    },
    {
      part: "contents",
      label: "Choose whose prompts and answers are kept",
      keywords: "contents bodies expiry privacy",
    },
    { part: "delete", label: "Delete requests", keywords: "history project range remove" },
    { part: "backup", label: "Back up or restore", keywords: "database file export save" },
  ].map(({ part, label, keywords }) => ({
    id: `settings.${part}`,
    label,
    group: "Usage",
    shortcuts: [],
    keywords,
    available: always,
    run: () => go("settings", part),
  })),
  {
    id: "backup.make",
    label: "Back up now",
    group: "Usage",
    shortcuts: [],
    keywords: "database file save",
    available: always,
    run: () => attempt("The backup failed", backUp),
  },
  {
    id: "budgets.new",
    label: "New budget",
    group: "Budgets",
    shortcuts: [],
    keywords: "limit spend money tokens",
    available: always,
    run: () => go("budgets", "new"),
  },
  {
    id: "keys.new",
    label: "New key",
    group: "Keys and credentials",
    shortcuts: [],
    keywords: "add create api editor project expiry",
    available: always,
    run: () => go("keys", "new"),
  },
  {
    id: "credentials.test",
    label: "Test all credentials",
    group: "Keys and credentials",
    shortcuts: [],
    keywords: "check provider key accepted",
    available: always,
    run: () => attempt("The credentials could not be tested", testCredentials),
  },
  {
    id: "connect.check",
    label: "Check the connected editors",
    group: "Gatehouse",
    shortcuts: [],
    keywords: "doctor diagnose connect",
    available: always,
    run: () => go("connect", "check"),
  },
  {
    id: "endpoint.pause",
    label: "Pause the endpoint",
    group: "Gatehouse",
    shortcuts: [],
    keywords: "stop server",
    available: () => endpointState() === "on",
    run: () => attempt("Pausing the endpoint failed", () => api.call("endpoint.pause")),
  },
  {
    id: "endpoint.resume",
    label: "Resume the endpoint",
    group: "Gatehouse",
    shortcuts: [],
    keywords: "start server",
    available: () => endpointState() !== "on",
    run: () => attempt("Resuming the endpoint failed", () => api.call("endpoint.resume")),
  },
  {
    id: "endpoint.copy",
    label: "Copy the endpoint's address",
    group: "Gatehouse",
    shortcuts: [],
    keywords: "base url port",
    available: () => Boolean(session.get().status?.endpoint.url),
    run: () => attempt("Copying the address failed", copyEndpoint),
  },
  {
    id: "models.favourite",
    label: "Make the active model a favourite",
    group: "Gatehouse",
    shortcuts: [],
    keywords: "star tray favorite",
    available: () => activeIsFavourite() === false,
    run: () => attempt("Changing the favourites failed", () => setActiveFavourite(true)),
  },
  {
    id: "models.favourite.not",
    label: "Take the active model out of the favourites",
    group: "Gatehouse",
    shortcuts: [],
    keywords: "star tray favorite remove",
    available: () => activeIsFavourite() === true,
    run: () => attempt("Changing the favourites failed", () => setActiveFavourite(false)),
  },
  ...[true, false].map(on => ({
    id: `autostart.${on ? "on" : "off"}`,
    label: on ? "Start at login" : "Do not start at login",
    group: "Gatehouse",
    shortcuts: [],
    keywords: "autostart hidden tray settings",
    available: () => session.get().status?.autostart === !on,
    run: () => attempt("Starting at login could not be changed", () => api.call("autostart.set", { on })),
  })),
  ...[true, false].map(on => ({
    id: `notifications.${on ? "on" : "off"}`,
    label: on ? "Turn notifications on" : "Turn notifications off",
    group: "Gatehouse",
    shortcuts: [],
    keywords: "budget provider down settings",
    available: () => session.get().status?.notifications === !on,
    run: () => attempt("Notifications could not be changed", () => api.call("notifications.set", { on })),
  })),
  {
    id: "models.refresh",
    label: "Refresh the models",
    group: "Gatehouse",
    shortcuts: [],
    available: always,
    run: () => attempt("Refreshing the models failed", () => api.call("models.refresh")),
  },
  {
    id: "pages.open",
    label: "Open these pages in the browser",
    group: "Gatehouse",
    shortcuts: [],
    available: () => api.kind === "window",
    run: () =>
      attempt("Opening the browser failed", async () => api.open((await api.call("pages.link")).url)),
  },
  {
    id: "theme.light",
    label: "Use the light theme",
    group: "General",
    shortcuts: [],
    available: always,
    run: () => ui.setTheme("light"),
  },
  {
    id: "theme.dark",
    label: "Use the dark theme",
    group: "General",
    shortcuts: [],
    available: always,
    run: () => ui.setTheme("dark"),
  },
  {
    id: "theme.auto",
    label: "Use the system's theme",
    group: "General",
    shortcuts: [],
    available: always,
    run: () => ui.setTheme("auto"),
  },
  {
    id: "help",
    label: "Show the keyboard shortcuts",
    group: "General",
    shortcuts: ["?"],
    keywords: "help keys",
    available: always,
    run: () => ui.openHelp(),
  },
];

/**
 * The keys that go to a page: its place in the navigation, of which 0 is the tenth, and what is usual for settings. In a
 * browser Ctrl+0 is the way back from a zoom, and stays it.
 */
export function pageShortcuts(page: PageName): string[] {
  if (page === "settings") return ["mod+,"];
  const place = PAGES.indexOf(page) + 1;
  if (place < 10) return [`mod+${place}`];
  if (place > 10) return [];
  return [api.kind === "window" ? "mod+0" : "alt+0"];
}

export function pageLabel(page: PageName): string {
  return PAGE_LABELS[page];
}
