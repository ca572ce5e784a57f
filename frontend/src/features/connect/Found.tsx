import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import type { StrayFile } from "../../api";
import { foundKeys, lookInto } from "../../state/found";
import { useResource } from "../../state/resource";
import { Mood } from "../../ui/Dot";
import { Panel } from "../../ui/Page";
import { ErrorNote, Loading } from "../../ui/States";
import classes from "./Connect.module.css";
import { FoundDialog } from "./FoundDialog";

/** Providers' keys that lie in files in plain text, and the way into the keychain. */
export function Found() {
  const { data, error } = useResource(foundKeys);
  const [path, setPath] = useState("");
  const [chosen, setChosen] = useState<StrayFile | null>(null);
  return (
    <Panel title="Keys lying around" flush>
      <form
        className={classes.look}
        onSubmit={event => {
          event.preventDefault();
          lookInto(path.trim());
          setPath("");
        }}
      >
        <p className={classes.soft}>
          Providers' keys in plain text, in the settings of editors and shells. Moved ones are in the
          keychain; a local key and this address stand in their place.
        </p>
        <TextInput
          label="Look into another file"
          placeholder="/path/to/.env"
          value={path}
          onChange={event => setPath(event.currentTarget.value)}
          spellCheck={false}
          autoComplete="off"
        />
        <Button type="submit" variant="default" disabled={!path.trim()}>
          Look
        </Button>
      </form>
      {error && (
        <div className={classes.pad}>
          <ErrorNote title="The files can't be looked into" message={error} />
        </div>
      )}
      {!data && !error && (
        <div className={classes.pad}>
          <Loading what="files" rows={2} />
        </div>
      )}
      {data?.files.length === 0 && <p className={classes.nothing}>No key was found.</p>}
      {data && data.files.length > 0 && (
        <ul className={classes.list} aria-label="Files with keys">
          {data.files.map(file => (
            <Row key={file.path} of={file} onOpen={() => setChosen(file)} />
          ))}
        </ul>
      )}
      {chosen && <FoundDialog file={chosen} onClose={() => setChosen(null)} />}
    </Panel>
  );
}

function Row({ of: file, onOpen }: { of: StrayFile; onOpen(): void }) {
  const name = file.path.split(/[/\\]/).at(-1) ?? file.path;
  return (
    <li className={classes.row}>
      <div className={classes.who}>
        <h3>{name}</h3>
        <span className={classes.faint} title={file.path}>
          {file.path}
        </span>
      </div>
      <div className={classes.state}>
        <Mood tone={file.moved ? "good" : "warn"}>{file.moved ? "Moved" : "In plain text"}</Mood>
        {file.keys.map(k => (
          <span key={`${k.line} ${k.name}`} className={classes.faint} title={`${k.name}, line ${k.line}`}>
            {k.providerName}, {k.hint}
          </span>
        ))}
        {file.problem && <span className={classes.faint}>{file.problem}</span>}
      </div>
      <div className={classes.buttons}>
        {!file.problem && (
          <Button
            size="compact-sm"
            variant="default"
            onClick={onOpen}
            aria-label={file.moved ? `Put back the keys of ${file.path}` : `Move the keys of ${file.path}`}
          >
            {file.moved ? "Put back" : "Move"}
          </Button>
        )}
      </div>
    </li>
  );
}
