/** Spells a duration in milliseconds: 340 ms, 2.4 s, 1 min 5 s. */
export function formatDuration(ms: number | null): string {
  if (ms === null) return "unknown";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const dayAndClock = new Intl.DateTimeFormat(undefined, {
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const full = new Intl.DateTimeFormat(undefined, {
  dateStyle: "medium",
  timeStyle: "medium",
  hourCycle: "h23",
});
const date = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

/** Spells a moment as shortly as it stays clear: only the clock for today. */
export function formatTime(rfc3339: string, now: Date): string {
  const at = new Date(rfc3339);
  if (Number.isNaN(at.getTime())) return "unknown";
  return at.toDateString() === now.toDateString() ? clock.format(at) : dayAndClock.format(at);
}

/** Spells a moment in full, for a tooltip. */
export function formatMoment(rfc3339: string): string {
  const at = new Date(rfc3339);
  return Number.isNaN(at.getTime()) ? "unknown" : full.format(at);
}

/** Spells a day. */
export function formatDate(rfc3339: string): string {
  const at = new Date(rfc3339);
  return Number.isNaN(at.getTime()) ? "unknown" : date.format(at);
}

/** Spells how long ago or how far off a moment is: "just now", "5 min ago", "in 30 days". */
export function formatAgo(rfc3339: string, now: Date): string {
  const at = new Date(rfc3339).getTime();
  if (Number.isNaN(at)) return "unknown";
  const seconds = Math.round((now.getTime() - at) / 1000);
  const size = Math.abs(seconds);
  if (size < 45) return "just now";
  const [n, unit] =
    size < 3570
      ? [Math.round(size / 60), "min"]
      : size < 86_000
        ? [Math.round(size / 3600), "h"]
        : [Math.round(size / 86_400), size < 129_600 ? "day" : "days"];
  return seconds > 0 ? `${n} ${unit} ago` : `in ${n} ${unit}`;
}
