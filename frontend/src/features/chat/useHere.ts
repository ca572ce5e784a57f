import { type RefObject, useCallback, useEffect, useRef } from "react";
import type { Turn } from "../../api";
import { type Here, here } from "../../state/here";
import type { Thread } from "../../state/thread";
import { announce } from "../../ui/announce";
import { host } from "../../ui/host";
import { attempt } from "../../ui/notify";
import { fileName, saveText } from "../../ui/save";
import { setEdit } from "./edits";
import { pin, remove } from "./Manage";
import { asJson, asMarkdown } from "./transcript";

interface Options {
  thread: Thread;
  streaming: boolean;
  takesFiles: boolean;
  picker: RefObject<(() => void) | null>;
  retry(): void;
  branch(turn: Turn): void;
  /** Brings a turn into view. */
  show(index: number): void;
  open(dialog: "configure" | "other" | "rename"): void;
}

/** Lets the palette and the keyboard do what can be done with the conversation in view. Gives what its head does too. */
export function useHere({ thread, streaming, takesFiles, picker, retry, branch, show, open }: Options) {
  // The commands read the thread when they are run: it changes with every frame of an answer.
  const now = useRef(thread);
  now.current = thread;
  const { conversation } = thread;

  const exportAs = useCallback((form: "md" | "json") => {
    const { conversation, turns } = now.current;
    if (!conversation) return;
    const said = turns.map(t => t.turn);
    const text = form === "md" ? asMarkdown(conversation, said) : asJson(conversation, said);
    const type = form === "md" ? "text/markdown" : "application/json";
    void saveText(fileName(conversation.title, form), type, text);
  }, []);
  const exportMarkdown = useCallback(() => exportAs("md"), [exportAs]);
  const exportJson = useCallback(() => exportAs("json"), [exportAs]);

  const last = thread.turns[thread.turns.length - 1]?.turn.role;
  const answered = thread.turns.some(t => t.turn.role === "assistant" && t.turn.state !== "streaming");
  const quiet = !streaming && conversation !== null;
  useEffect(() => {
    const commands: Here = { configure: () => open("configure") };
    if (takesFiles) commands.attach = () => picker.current?.();
    if (conversation) {
      commands.pin = () => pin(conversation);
      commands.rename = () => open("rename");
      commands.remove = () => void remove(conversation, conversation.id);
      commands.exportMarkdown = exportMarkdown;
      commands.exportJson = exportJson;
    }
    if (quiet && last) {
      commands.retry = () => retry();
      commands.retryOther = () => open("other");
      commands.editLast = () => {
        const at = now.current.turns.findLastIndex(t => t.turn.role === "user");
        const turn = now.current.turns[at]?.turn;
        if (!turn) return;
        setEdit(turn.id, turn.text);
        show(at);
      };
    }
    if (answered) {
      const answer = () =>
        now.current.turns.findLast(t => t.turn.role === "assistant" && t.turn.state !== "streaming")?.turn;
      commands.copyLast = () => {
        const text = answer()?.text;
        if (!text) return;
        void attempt("Copying the answer failed", async () => {
          await host.copy(text);
          announce("Copied the last answer.");
        });
      };
      commands.branch = () => {
        const turn = answer();
        if (turn) branch(turn);
      };
    }
    here.set(commands);
    return () => here.set({});
  }, [
    conversation,
    takesFiles,
    quiet,
    last,
    answered,
    picker,
    retry,
    branch,
    show,
    open,
    exportMarkdown,
    exportJson,
  ]);
  return { exportMarkdown, exportJson };
}
