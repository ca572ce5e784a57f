import { useEffect, useRef } from "react";
import { PROGRAMS } from "../../state/editors";
import { editors } from "../../state/lists";
import { useResource } from "../../state/resource";
import { Page, Panel } from "../../ui/Page";
import { ErrorNote, Loading } from "../../ui/States";
import classes from "./Connect.module.css";
import { CHECK, Doctor } from "./Doctor";
import { Editors } from "./Editors";
import { Found } from "./Found";
import { Snippets } from "./Snippets";

/** The item is the editor whose dialog is open, or says to check the connections or to show what is for other programs. */
export default function ConnectPage({ item }: { item: string }) {
  const { data, error } = useResource(editors);
  const programs = useRef<HTMLDivElement>(null);
  const wanted = item === PROGRAMS && data !== null;
  useEffect(() => {
    if (wanted) programs.current?.scrollIntoView();
  }, [wanted]);
  return (
    <Page
      title="Connect"
      description="Point an editor or agent at this endpoint. You see every line before it is written; nothing else in its settings is touched, and each change can be taken back."
    >
      <Panel title="Editors and agents" flush>
        {error && (
          <div className={classes.pad}>
            <ErrorNote
              title="The editors can't be listed"
              message={error}
              retry={() => void editors.reload()}
            />
          </div>
        )}
        {!data && !error && (
          <div className={classes.pad}>
            <Loading what="editors" rows={6} />
          </div>
        )}
        {data && <Editors list={data.editors} open={item} />}
      </Panel>
      <Doctor at={item === CHECK} />
      <Found />
      <div ref={programs}>
        <Snippets />
      </div>
    </Page>
  );
}
