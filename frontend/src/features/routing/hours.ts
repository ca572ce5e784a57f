const clock = (hour: number, minute: number) =>
  `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;

/** Spells hours of the day as spans: 22, 23, 0 and 3 are "22:00 to 00:59" and "03:00 to 03:59". */
export function hourSpans(hours: number[]): string[] {
  const all = new Set(hours);
  if (all.size === 24) return ["any hour"];
  const starts = [...all].filter(hour => !all.has((hour + 23) % 24)).sort((a, b) => a - b);
  return starts.map(start => {
    let end = start;
    while (all.has((end + 1) % 24)) end = (end + 1) % 24;
    return `${clock(start, 0)} to ${clock(end, 59)}`;
  });
}
