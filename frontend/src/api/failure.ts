import type { Failure } from "./contract.gen";

/** A call that failed. Its message is written for the person who reads it. */
export class CallError extends Error {
  readonly kind: string;

  constructor(failure: Failure) {
    super(failure.message);
    this.name = "CallError";
    this.kind = failure.kind;
  }
}

/** The kind of a call that never reached Gatehouse. */
export const UNREACHABLE = "unreachable";

/** The kind of a call whose session is over. */
export const SESSION_ENDED = "session ended";

/** Reads a failure from its JSON, or gives null if the text is none. */
export function parseFailure(text: string): Failure | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return null;
    const { kind, message } = value as Record<string, unknown>;
    return typeof kind === "string" && typeof message === "string" ? { kind, message } : null;
  } catch {
    return null;
  }
}
