import { IconCheck } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { isSet } from "../../state/credentials";
import { credentials, keys } from "../../state/lists";
import { useResource } from "../../state/resource";
import { routeHash } from "../../state/route";
import { Page } from "../../ui/Page";
import { AddCredential } from "./AddCredential";
import { PointEditor } from "./PointEditor";
import classes from "./Start.module.css";
import { TryIt } from "./TryIt";

export default function StartPage() {
  const [answered, setAnswered] = useState(false);
  const held = useResource(credentials).data?.credentials.filter(isSet);
  const made = useResource(keys).data?.keys.filter(k => !k.revokedAt);
  return (
    <Page
      title="Start"
      description="Gatehouse stands between your editors and the models: one address, one key, every provider. Three steps from nothing to an answer in your editor."
    >
      <ol className={classes.steps}>
        <Step
          number={1}
          title="Try it"
          done={answered}
          note="Works with no account: sim is built in, free and offline."
        >
          <TryIt onAnswered={() => setAnswered(true)} />
        </Step>
        <Step
          number={2}
          title="Add a credential"
          done={(held?.length ?? 0) > 0}
          note="The API key that a provider gave you. You can skip this as long as you use sim or local models."
        >
          <AddCredential />
        </Step>
        <Step
          number={3}
          title="Point an editor at it"
          done={(made?.length ?? 0) > 0}
          note={
            <>
              Each gets a key of its own, good for this machine only. You see every line before it is written,
              and can take it back. All of them are under <a href={routeHash("connect")}>Connect</a>.
            </>
          }
        >
          <PointEditor />
        </Step>
      </ol>
    </Page>
  );
}

interface StepProps {
  number: number;
  title: string;
  note: ReactNode;
  done: boolean;
  children: ReactNode;
}

function Step({ number, title, note, done, children }: StepProps) {
  return (
    <li className={classes.step}>
      <section aria-label={title}>
        <div className={classes.stepHead}>
          <span className={classes.number} data-done={done || undefined} aria-hidden>
            {done ? <IconCheck size={15} stroke={2.6} /> : number}
          </span>
          <div>
            <h2>
              {title}
              {done && <span className="visually-hidden"> (done)</span>}
            </h2>
            <p>{note}</p>
          </div>
        </div>
        <div className={classes.stepBody}>{children}</div>
      </section>
    </li>
  );
}
