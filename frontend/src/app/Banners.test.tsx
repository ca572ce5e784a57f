import { render } from "@testing-library/react";
import { expect, test } from "vitest";
import type { Status } from "../api";
import { bannersOf } from "./Banners";

const fine: Status = {
  version: "1",
  build: "headless",
  startedAt: "2026-11-21T12:00:00Z",
  home: "/h",
  endpoint: { url: "http://127.0.0.1:4283", addresses: [], state: "on", problem: "" },
  activeModel: "",
  keychain: { state: "ok", reason: "", advice: "" },
  settings: { path: "/h/gatehouse.jsonc", problem: null },
  history: { path: "/h/gatehouse.db", setAside: "", problem: "", dropped: 0 },
  warnings: [],
  budgets: { news: [], tightest: null },
  contents: [],
  tray: false,
  autostart: null,
  notifications: true,
};

test("a status without problems has no banners", () => {
  expect(bannersOf(fine)).toEqual([]);
  expect(bannersOf({ ...fine, endpoint: { ...fine.endpoint, state: "paused" } })).toEqual([]);
  expect(bannersOf({ ...fine, keychain: { state: "checking", reason: "", advice: "" } })).toEqual([]);
});

test.each<[string, Partial<Status>]>([
  ["endpoint", { endpoint: { ...fine.endpoint, state: "failed", problem: "port in use" } }],
  ["settings", { settings: { path: "/h/gatehouse.jsonc", problem: { message: "bad", line: 3, column: 4 } } }],
  ["history", { history: { ...fine.history, problem: "disk full" } }],
  ["dropped", { history: { ...fine.history, dropped: 2 } }],
  ["aside", { history: { ...fine.history, setAside: "/h/gatehouse.db.damaged" } }],
  [
    "budget.month.blocked.90",
    {
      budgets: {
        news: [{ name: "month", text: "the budget is spent", percent: 100, step: 90, state: "blocked" }],
        tightest: null,
      },
    },
  ],
  ["keychain.absent", { keychain: { state: "absent", reason: "no D-Bus", advice: "use the environment" } }],
  ["keychain.locked", { keychain: { state: "locked", reason: "locked", advice: "unlock it" } }],
])("a problem with %s is one banner", (id, problem) => {
  expect(bannersOf({ ...fine, ...problem }).map(b => b.id)).toEqual([id]);
});

test("it is told for as long as prompts and answers are kept", () => {
  const contents = [
    { project: "site", keep: "24h" },
    { project: "", keep: "7d" },
  ];
  const [banner] = bannersOf({ ...fine, contents });
  expect(banner).toMatchObject({ tone: "info", stays: true });
  render(<p>{banner?.text}</p>);
  expect(document.body.textContent).toContain(
    "Project site for 24 hours, requests without a project for 7 days.",
  );
});
