import { useCallback, useMemo, useRef, useState } from "react";
import type { Takes } from "../../state/models";
import { announce } from "../../ui/announce";
import { type Attached, refusal } from "./attach";

// What was added and not sent, by conversation, for as long as the pages are open.
const drafts = new Map<string, Attached[]>();
let next = 0;

export interface Attachments {
  files: Attached[];
  /** Why the last ones were not taken; empty if they were. */
  problem: string;
  add(given: File[]): void;
  remove(id: number): void;
  /** Puts others in their place, as after they were sent. */
  set(files: Attached[]): void;
}

/** The files that go with the next message of a conversation. Sent are the bytes of those that went before. */
export function useAttachments(draftOf: string, takes: Takes, model: string, sent: number): Attachments {
  const [files, setFiles] = useState(drafts.get(draftOf) ?? []);
  const [problem, setProblem] = useState("");
  const now = useRef(files);

  const set = useCallback(
    (value: Attached[]) => {
      now.current = value;
      if (value.length > 0) drafts.set(draftOf, value);
      else drafts.delete(draftOf);
      setFiles(value);
      setProblem("");
    },
    [draftOf],
  );

  const add = useCallback(
    async (given: File[]) => {
      const problems: string[] = [];
      for (const file of given) {
        const said = refusal(file, takes, model, now.current, sent);
        if (said) {
          problems.push(said);
          continue;
        }
        try {
          const address = await read(file);
          const { name, type, size } = file;
          set([...now.current, { id: next++, name: name || "pasted", type, size, address }]);
          announce(`Added ${name}.`);
        } catch {
          problems.push(`${file.name} can't be read.`);
        }
      }
      setProblem(problems.join(" "));
    },
    [takes, model, sent, set],
  );

  const remove = useCallback((id: number) => set(now.current.filter(f => f.id !== id)), [set]);
  return useMemo(
    () => ({ files, problem, add: given => void add(given), remove, set }),
    [files, problem, add, remove, set],
  );
}

function read(file: File): Promise<string> {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result));
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(file);
  });
}
