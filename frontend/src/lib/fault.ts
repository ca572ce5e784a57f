export interface Fault {
  kind: string;
  message: string;
  place: string;
}

/** Faults of a program, whose messages name parts of it. Those of other errors may quote what the user sees. */
const OF_THE_PROGRAM = [TypeError, ReferenceError, RangeError];

/** How many places are told, from the innermost on. */
const PLACES = 3;

/** What may be kept of an error in a log: where it was, and nothing of what was to be shown. */
export function faultOf(error: unknown, componentStack: string | null | undefined): Fault {
  const places = (componentStack ?? "")
    .split("\n")
    .map(line => line.trim())
    .filter(Boolean);
  return {
    kind: error instanceof Error ? error.name : typeof error,
    message:
      error instanceof Error && OF_THE_PROGRAM.some(type => error instanceof type) ? error.message : "",
    place: places.slice(0, PLACES).join(" < "),
  };
}
