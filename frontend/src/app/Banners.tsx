import { CloseButton } from "@mantine/core";
import { IconAlertTriangle, IconInfoCircle, IconPlugConnectedX } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { api, type Status } from "../api";
import { plural } from "../lib/numbers";
import { sentences } from "../lib/text";
import { keepText } from "../state/contents";
import { routeHash } from "../state/route";
import { useSession } from "../state/session";
import classes from "./Banners.module.css";

interface Banner {
  id: string;
  tone: "bad" | "warn" | "info";
  title: string;
  text: ReactNode;
  /** It stands as long as it is so, and can't be hidden. */
  stays?: boolean;
}

/** Everything in a status that its user should know of. */
export function bannersOf(status: Status): Banner[] {
  const banners: Banner[] = [];
  const { endpoint, keychain, settings, history } = status;
  if (endpoint.state === "failed") {
    banners.push({
      id: "endpoint",
      tone: "bad",
      title: "The endpoint is not running.",
      text: sentences(endpoint.problem),
    });
  }
  if (settings.problem) {
    const { line, column, message } = settings.problem;
    const place = line > 0 ? `:${line}${column > 0 ? `:${column}` : ""}` : "";
    banners.push({
      id: "settings",
      tone: "bad",
      title: "The settings file has a mistake; the last good settings stay in force.",
      text: (
        <>
          <code>
            {settings.path}
            {place}
          </code>{" "}
          {sentences(message)}
        </>
      ),
    });
  }
  for (const warning of status.warnings) {
    banners.push({
      id: `warning.${warning}`,
      tone: "warn",
      title: "Something needs your attention.",
      text: sentences(warning),
    });
  }
  for (const { name, text, state, step } of status.budgets.news) {
    banners.push({
      id: `budget.${name}.${state}.${step}`,
      tone: state === "blocked" ? "bad" : "warn",
      title: state === "blocked" ? "A budget refuses requests." : "A budget is being used up.",
      text: sentences(text),
    });
  }
  if (history.problem) {
    banners.push({
      id: "history",
      tone: "bad",
      title: "The usage history can't be written.",
      text: sentences(history.problem),
    });
  }
  if (history.dropped > 0) {
    banners.push({
      id: "dropped",
      tone: "warn",
      title: `${plural(history.dropped, "request")} could not be recorded since the start.`,
      text: "The requests themselves were served; their lines are missing from the usage history.",
    });
  }
  if (history.setAside) {
    banners.push({
      id: "aside",
      tone: "warn",
      title: "The database was damaged and has been set aside; a new one was begun.",
      text: (
        <>
          Nothing was deleted. The old one is <code>{history.setAside}</code>
        </>
      ),
    });
  }
  if (keychain.state === "absent" || keychain.state === "locked") {
    banners.push({
      id: `keychain.${keychain.state}`,
      tone: "warn",
      title: keychain.state === "locked" ? "The keychain is locked." : "There is no keychain.",
      text: sentences(keychain.reason, keychain.advice),
    });
  }
  if (status.contents.length > 0) {
    const whose = status.contents.map(
      ({ project, keep }) =>
        `${project ? `project ${project}` : "requests without a project"} for ${keepText(keep)}`,
    );
    banners.push({
      id: "contents",
      tone: "info",
      title: "Prompts and answers are kept:",
      text: (
        <>
          {sentences(whose.join(", "))} <a href={routeHash("settings", "contents")}>Change</a>
        </>
      ),
      stays: true,
    });
  }
  return banners;
}

const HIDDEN = "gatehouse.hiddenNotes";

// What is so on this machine for good, such as a missing keychain, needs saying once; what happened in a run is said
// again in the next.
const lasts = (id: string) => id.startsWith("keychain.");

function rememberedHidden(): ReadonlySet<string> {
  try {
    const ids: unknown = JSON.parse(localStorage.getItem(HIDDEN) ?? "[]");
    return new Set(Array.isArray(ids) ? ids.filter(id => typeof id === "string" && lasts(id)) : []);
  } catch {
    return new Set();
  }
}

const icons = { bad: IconAlertTriangle, warn: IconAlertTriangle, info: IconInfoCircle };

export function Banners() {
  const { status, connection } = useSession();
  const [hidden, setHidden] = useState<ReadonlySet<string>>(rememberedHidden);
  const hide = (id: string) => {
    const next = new Set(hidden).add(id);
    setHidden(next);
    localStorage.setItem(HIDDEN, JSON.stringify([...next].filter(lasts)));
  };
  if (!status) return null;
  const banners = bannersOf(status).filter(b => b.tone === "bad" || !hidden.has(b.id));
  return (
    <section aria-label="Problems" className={classes.banners}>
      {connection === "broken" && (
        <div role="alert" className={classes.banner} data-tone="warn">
          <IconPlugConnectedX size={16} aria-hidden className={classes.icon} />
          <div className={classes.text}>
            <strong>Gatehouse does not answer.</strong> What you see may be out of date; these pages are
            reconnecting.
            {api.kind === "browser" && (
              <>
                {" "}
                If it was started again, <code>gatehouse ui</code> gives a new link.
              </>
            )}
          </div>
        </div>
      )}
      {banners.map(({ id, tone, title, text, stays }) => {
        const Icon = icons[tone];
        return (
          <div key={id} role={tone === "bad" ? "alert" : "note"} className={classes.banner} data-tone={tone}>
            <Icon size={16} aria-hidden className={classes.icon} />
            <div className={classes.text}>
              <strong>{title}</strong> {text}
            </div>
            {tone !== "bad" && !stays && (
              <CloseButton size="sm" aria-label="Hide this note" onClick={() => hide(id)} />
            )}
          </div>
        );
      })}
    </section>
  );
}
