import { Button } from "@mantine/core";
import { useMemo, useState } from "react";
import type { Editor } from "../../api";
import { replaceRoute } from "../../state/route";
import { Mood } from "../../ui/Dot";
import classes from "./Connect.module.css";
import { EditorDialog } from "./EditorDialog";

const VARIABLES = "env";

/** Variables need no installation, and tell nothing by being there. */
const installed = (e: Editor) => e.detected && e.id !== VARIABLES;

/** Connected editors come first, then those that are installed. */
const rank = (e: Editor) => (e.connected ? 0 : installed(e) ? 1 : 2);

/** The editors with their state. The one that the address names has its dialog open. */
export function Editors({ list, open }: { list: Editor[]; open: string }) {
  const [reverting, setReverting] = useState(false);
  const sorted = useMemo(() => [...list].sort((a, b) => rank(a) - rank(b)), [list]);
  const chosen = list.find(e => e.id === open);
  const show = (id: string, revert: boolean) => {
    setReverting(revert);
    replaceRoute("connect", id);
  };
  return (
    <>
      <ul className={classes.list} aria-label="Editors">
        {sorted.map(editor => (
          <Row key={editor.id} of={editor} onOpen={revert => show(editor.id, revert)} />
        ))}
      </ul>
      {chosen && (
        <EditorDialog
          key={`${chosen.id} ${reverting}`}
          editor={chosen}
          revert={reverting}
          onClose={() => replaceRoute("connect")}
        />
      )}
    </>
  );
}

function Row({ of: editor, onOpen }: { of: Editor; onOpen(revert: boolean): void }) {
  const { id, name, files, connected, model } = editor;
  const found = installed(editor);
  return (
    <li className={classes.row}>
      <div className={classes.who}>
        <h3>{name}</h3>
        <span className={classes.faint} title={files.join("\n")}>
          {files.length > 0 ? files.join(", ") : "Set up by hand: it hides its settings"}
        </span>
      </div>
      <div className={classes.state}>
        {connected ? (
          <Mood tone="good">Connected</Mood>
        ) : (
          <Mood tone="quiet">{id === VARIABLES ? "Not set" : found ? "Found" : "Not found"}</Mood>
        )}
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
          variant={found && !connected ? "filled" : "default"}
          onClick={() => onOpen(false)}
          aria-label={connected ? `Change ${name}` : `Connect ${name}`}
        >
          {connected ? "Change" : "Connect"}
        </Button>
      </div>
    </li>
  );
}
