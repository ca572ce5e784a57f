import { Button } from "@mantine/core";
import { byUse, editorItem, installed, PROGRAMS, standing } from "../../state/editors";
import { editors } from "../../state/lists";
import { ACTIVE } from "../../state/models";
import { useResource } from "../../state/resource";
import { routeHash } from "../../state/route";
import { useStatus } from "../../state/session";
import { Mood } from "../../ui/Dot";
import { ErrorNote, Loading } from "../../ui/States";
import classes from "./Start.module.css";

/** The editors on this machine, each with the way to its settings; the others by name. */
export function PointEditor() {
  const { activeModel } = useStatus();
  const { data, error } = useResource(editors);
  if (error) {
    return (
      <ErrorNote title="The editors can't be listed" message={error} retry={() => void editors.reload()} />
    );
  }
  if (!data) return <Loading what="editors" rows={2} />;
  const sorted = byUse(data.editors);
  const here = sorted.filter(e => e.connected || installed(e));
  const others = sorted.filter(e => !here.includes(e));
  return (
    <>
      {here.length > 0 && (
        <ul className={classes.editors} aria-label="Editors on this machine">
          {here.map(editor => (
            <li key={editor.id}>
              <strong>{editor.name}</strong>
              <Mood tone={editor.connected ? "good" : "quiet"}>{standing(editor)}</Mood>
              <Button
                component="a"
                href={routeHash("connect", editorItem(editor.id))}
                size="compact-sm"
                variant={editor.connected ? "default" : "filled"}
                aria-label={`${editor.connected ? "Change" : "Connect"} ${editor.name}`}
              >
                {editor.connected ? "Change" : "Connect"}
              </Button>
            </li>
          ))}
        </ul>
      )}
      <p className={classes.others}>
        {here.length === 0 ? "Choose yours: " : "Not found here, but known: "}
        {others.map((editor, i) => (
          <span key={editor.id}>
            {i > 0 && ", "}
            <a href={routeHash("connect", editorItem(editor.id))}>{editor.name}</a>
          </span>
        ))}
        . Or <a href={routeHash("connect", PROGRAMS)}>a program of your own</a>.
      </p>
      <p className={classes.small}>
        <span>
          Their model is <code className="mono">{ACTIVE}</code>: whatever the header says, at the moment{" "}
          <code className="mono">{activeModel || "nothing"}</code>. Any ID of the{" "}
          <a href={routeHash("models")}>models</a> works as well.
        </span>
      </p>
    </>
  );
}
