import { Button } from "@mantine/core";
import { useMemo } from "react";
import type { Editor } from "../../api";
import { byUse, editorItem, installed, parseEditorItem, standing } from "../../state/editors";
import { replaceRoute } from "../../state/route";
import { Mood } from "../../ui/Dot";
import classes from "./Connect.module.css";
import { EditorDialog } from "./EditorDialog";

/** The editors with their state. The one that the address names has its dialog open. */
export function Editors({ list, open }: { list: Editor[]; open: string }) {
  const sorted = useMemo(() => byUse(list), [list]);
  const { id, takeBack } = parseEditorItem(open);
  const chosen = list.find(e => e.id === id);
  return (
    <>
      <ul className={classes.list} aria-label="Editors">
        {sorted.map(editor => (
          <Row
            key={editor.id}
            of={editor}
            onOpen={revert => replaceRoute("connect", editorItem(editor.id, revert))}
          />
        ))}
      </ul>
      {chosen && (
        <EditorDialog key={open} editor={chosen} revert={takeBack} onClose={() => replaceRoute("connect")} />
      )}
    </>
  );
}

function Row({ of: editor, onOpen }: { of: Editor; onOpen(revert: boolean): void }) {
  const { name, files, connected, model } = editor;
  return (
    <li className={classes.row}>
      <div className={classes.who}>
        <h3>{name}</h3>
        <span className={classes.faint} title={files.join("\n")}>
          {files.length > 0 ? files.join(", ") : "Set up by hand: it hides its settings"}
        </span>
      </div>
      <div className={classes.state}>
        <Mood tone={connected ? "good" : "quiet"}>{standing(editor)}</Mood>
        {connected && (
          <span className={classes.faint} title={model}>
            {model}
          </span>
        )}
      </div>
      <div className={classes.buttons}>
        {connected && (
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => onOpen(true)}
            aria-label={`Take back ${name}`}
          >
            Take back
          </Button>
        )}
        <Button
          size="compact-sm"
          variant={installed(editor) && !connected ? "filled" : "default"}
          onClick={() => onOpen(false)}
          aria-label={connected ? `Change ${name}` : `Connect ${name}`}
        >
          {connected ? "Change" : "Connect"}
        </Button>
      </div>
    </li>
  );
}
