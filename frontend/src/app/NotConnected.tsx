import { Loader } from "@mantine/core";
import { CopyBlock } from "../ui/Copy";
import { Mark } from "../ui/Logo";
import classes from "./NotConnected.module.css";

/** Shown until the first status is here. */
export function Connecting({ broken }: { broken: boolean }) {
  return (
    <main className={classes.screen} aria-live="polite">
      <Mark size={44} />
      {broken ? (
        <>
          <h1>Gatehouse does not answer</h1>
          <p>Is it still running? These pages keep trying and will come up as soon as it is.</p>
          <Loader size="xs" aria-label="Trying again" />
        </>
      ) : (
        <>
          <h1>Connecting</h1>
          <Loader size="xs" aria-hidden />
        </>
      )}
    </main>
  );
}

/** Shown once the browser's session is over. */
export function Ended() {
  return (
    <main className={classes.screen}>
      <Mark size={44} />
      <h1>This session has ended</h1>
      <p>
        The link to these pages works once, and its session ends with Gatehouse. Run this in a terminal to get
        a new one:
      </p>
      <CopyBlock text="gatehouse ui" what="command" />
    </main>
  );
}
