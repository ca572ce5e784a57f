import { IconAlertTriangle, IconChevronRight, IconTool } from "@tabler/icons-react";
import { useState } from "react";
import type { ToolCall } from "../../api";
import { CodeBlock } from "../../ui/CodeBlock";
import classes from "./Chat.module.css";

/** The tools that were called for an answer, folded. */
export function ToolCalls({ tools, streaming }: { tools: ToolCall[]; streaming: boolean }) {
  if (tools.length === 0) return null;
  return (
    <ul className={classes.tools} aria-label="Tool calls">
      {tools.map((tool, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: calls are only added at the end
        <li key={i}>
          <Call tool={tool} streaming={streaming} />
        </li>
      ))}
    </ul>
  );
}

function Call({ tool, streaming }: { tool: ToolCall; streaming: boolean }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" className={classes.fold} aria-expanded={open} onClick={() => setOpen(!open)}>
        <IconChevronRight size={14} aria-hidden className={classes.chevron} data-open={open || undefined} />
        {tool.failed ? <IconAlertTriangle size={14} aria-hidden /> : <IconTool size={14} aria-hidden />}
        <span>{tool.failed ? "Tool failed:" : "Tool:"}</span>
        <span className="mono">{tool.name || "unnamed"}</span>
      </button>
      {open && (
        <div className={classes.folded}>
          <p className={classes.foldLabel}>Arguments</p>
          <Piece text={tool.arguments || "none"} />
          <p className={classes.foldLabel}>{tool.failed ? "Error" : "Result"}</p>
          {tool.result ? (
            <Piece text={tool.result} />
          ) : (
            <p className={classes.faint}>
              {streaming ? "None yet." : "None: the chat runs no tools of its own."}
            </p>
          )}
        </div>
      )}
    </>
  );
}

/** JSON is laid out and coloured; anything else stays as it is. */
function Piece({ text }: { text: string }) {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null)
      return <CodeBlock code={JSON.stringify(value, null, 2)} language="json" highlight />;
  } catch {
    // It is text.
  }
  return <CodeBlock code={text} language="" highlight={false} />;
}
