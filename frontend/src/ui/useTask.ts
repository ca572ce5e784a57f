import { useCallback, useEffect, useRef, useState } from "react";
import { messageOf } from "../lib/errors";

export interface Task {
  busy: boolean;
  /** Why the last run failed; empty if it did not. */
  error: string;
  /** Runs work; tells whether it succeeded. */
  run(work: () => Promise<unknown>): Promise<boolean>;
  clear(): void;
}

/** Keeps the progress and the error of work that a view started. */
export function useTask(): Task {
  const [state, setState] = useState({ busy: false, error: "" });
  const mounted = useRef(true);
  useEffect(() => {
    mounted.current = true;
    return () => {
      mounted.current = false;
    };
  }, []);
  const run = useCallback(async (work: () => Promise<unknown>) => {
    setState({ busy: true, error: "" });
    try {
      await work();
      if (mounted.current) setState({ busy: false, error: "" });
      return true;
    } catch (error) {
      if (mounted.current) setState({ busy: false, error: messageOf(error) });
      return false;
    }
  }, []);
  const clear = useCallback(() => setState({ busy: false, error: "" }), []);
  return { ...state, run, clear };
}
