import { type ReactNode, useEffect, useState } from "react";
import { CopyIcon } from "./Copy";
import classes from "./Markdown.module.css";

interface Props {
  code: string;
  language: string;
  /** False while the code is still being written: it is coloured once, at its end. */
  highlight: boolean;
}

/** A block of code with its language, a button that copies it and, once the highlighter is here, its colours. */
export function CodeBlock({ code, language, highlight }: Props) {
  const [coloured, setColoured] = useState<{ code: string; nodes: ReactNode } | null>(null);
  useEffect(() => {
    if (!highlight || !language) return;
    let current = true;
    import("./highlight").then(
      ({ colour }) => {
        if (current) setColoured({ code, nodes: colour(code, language) });
      },
      () => {
        // Without its colours the code is still all there.
      },
    );
    return () => {
      current = false;
    };
  }, [code, language, highlight]);
  return (
    <div className={classes.code}>
      <div className={classes.codeHead}>
        <span>{language || "text"}</span>
        <CopyIcon text={code} what="code" size={22} />
      </div>
      <pre tabIndex={0}>
        <code>{coloured?.code === code ? coloured.nodes : code}</code>
      </pre>
    </div>
  );
}
