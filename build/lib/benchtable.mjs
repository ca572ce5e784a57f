// Prints the figures that matter most of what `make bench` printed, one a line. Its argument is the file that keeps that.
import { readFileSync } from "node:fs";

const text = readFileSync(process.argv[2], "utf8");
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

// metric gives a benchmark's number of a unit, the median where it ran several times; undefined where it did not run.
function metric(benchmark, unit) {
  const lines = text.split("\n").filter((line) => line.replace(/-\d+\s/, " ").startsWith(`Benchmark${benchmark} `));
  const numbers = lines.map((line) => line.split(/\s+/)).flatMap((words) => {
  	const at = words.indexOf(unit);
  	return at > 0 ? [Number(words[at - 1])] : [];
  });
  return numbers.length > 0 ? median(numbers) : undefined;
}

const line = (start) => text.split("\n").find((l) => l.includes(start))?.split(start)[1].trim();
const show = (number, digits, unit) => (number === undefined ? undefined : `${number.toFixed(digits)} ${unit}`);
const over = (number, by) => (number === undefined ? undefined : number / by);
const both = (a, b) => (a === undefined || b === undefined ? undefined : a + b);

// added tells what requests take longer than direct ones; on a busy machine those take long as well.
function added(when) {
  const [more, direct] = ["added", "direct"].map((way) => show(over(metric(`Added/${when}`, `${way}-p99-µs`), 1000), 2, "ms"));
  return more && `${more}, direct ones take ${direct}`;
}

const rows = [
  ["records settled, each on the disk", show(metric("Settled/alone", "durable/s"), 0, "a second")],
  ["  while reports run", show(metric("Settled/while_reports_run", "durable/s"), 0, "a second")],
  ["latency added to a request, p99", added("alone")],
  ["  while reports over 10 million requests run", added("while_reports_run")],
  ["report over 10 million requests of a year", show(over(metric("Report/all_by_day_and_model", "ns/op"), 1e6), 0, "ms")],
  ["  over the last month of them", show(over(metric("Report/month_of_days_by_model", "ns/op"), 1e6), 0, "ms")],
  ["database for a million requests", show(metric("Size", "MB/million"), 0, "MB")],
  ["first paint of the window, from the program's start", show(over(metric("FirstPaint", "ns/op"), 1e6), 0, "ms")],
  ["first paint in Chromium", line("first paint in Chromium: ")],
  ["  of the usage page, beside an empty history's", line("ℹ first paint: ") ?? line("# first paint: ")],
  ["a conversation of 5,000 messages, scrolled", line("a conversation scrolled: ")],
  ["  gone on with at 500 tokens a second", line("an answer at 500 tokens a second: ")],
  ["JavaScript", line("JavaScript: ")],
  ["resident memory hidden in the tray", show(both(metric("Hidden", "MB-program"), metric("Hidden", "MB-webview")), 0, "MB")],
  ["  of which the program itself", show(metric("Hidden", "MB-program"), 0, "MB")],
];
const width = Math.max(...rows.map(([name]) => name.length));
console.log();
for (const [name, value] of rows) console.log(`${name.padEnd(width)}  ${value ?? "not measured"}`);
