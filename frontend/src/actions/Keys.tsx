import { Kbd } from "@mantine/core";
import { Fragment } from "react";
import { shortcutKeys } from "./shortcuts";

/** A shortcut's keys. */
export function Keys({ shortcut }: { shortcut: string }) {
  return (
    <span style={{ whiteSpace: "nowrap" }}>
      {shortcutKeys(shortcut).map((key, i) => (
        <Fragment key={key}>
          {i > 0 && " "}
          <Kbd size="xs">{key}</Kbd>
        </Fragment>
      ))}
    </span>
  );
}
