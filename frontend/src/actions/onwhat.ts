// Actions on what there is at the moment: each editor, each budget. The palette offers them once something is typed.
import type { Budget, Editor } from "../api";
import { allowItem } from "../state/budgets";
import { editorItem } from "../state/editors";
import { go } from "../state/route";
import type { Action } from "./registry";

const always = () => true;

function onEditor(editor: Editor): Action[] {
  const { id, name, connected } = editor;
  const action = (what: string, takeBack: boolean): Action => ({
    id: `connect.${id}.${what}`,
    label: `${what} ${name}`,
    group: "Editors",
    shortcuts: [],
    keywords: "editor agent settings connect",
    available: always,
    run: () => go("connect", editorItem(id, takeBack)),
  });
  return connected ? [action("Change", false), action("Take back", true)] : [action("Connect", false)];
}

function onBudget({ name, text }: Budget): Action {
  return {
    id: `budgets.${name}.allow`,
    label: `Allow more of ${name}`,
    group: "Budgets",
    shortcuts: [],
    keywords: `budget raise limit spend ${text}`,
    available: always,
    run: () => go("budgets", allowItem(name)),
  };
}

export function actionsOn(editors: Editor[], budgets: Budget[]): Action[] {
  return [...budgets.map(onBudget), ...editors.flatMap(onEditor)];
}
