import { Button, Group, SegmentedControl } from "@mantine/core";
import { useState } from "react";
import type { ContentMessage, ContentPart, ContentText, RequestContents, UsageRecord } from "../../api";
import { formatBytes, formatCount } from "../../lib/numbers";
import { formatMoment } from "../../lib/time";
import { keepContents, keepText, useContents } from "../../state/contents";
import { go } from "../../state/route";
import { CopyIcon } from "../../ui/Copy";
import { attempt } from "../../ui/notify";
import { ErrorNote } from "../../ui/States";
import classes from "./Contents.module.css";

/** More of a text is shown when it is asked for, in characters. */
const SHOWN = 4000;

const KEEP = "24h";

/** What the client of a request sent and got, where that is kept; how to keep it, where it is not. */
export function Contents({ record }: { record: UsageRecord }) {
  const { contents, error } = useContents(record.id, record.outcome);
  if (error) return <ErrorNote title="The prompt and the answer can't be read" message={error} />;
  if (!contents) return null;
  return (
    <section>
      <h3>Prompt and answer</h3>
      {contents.kept ? <Kept contents={contents} /> : <NotKept record={record} keep={contents.keep} />}
    </section>
  );
}

function NotKept({ record, keep }: { record: UsageRecord; keep: string }) {
  const whose = record.project ? `of the project “${record.project}”` : "of requests without a project";
  if (keep) {
    return (
      <p className={classes.off}>
        {record.outcome === "open"
          ? `They can be read here once the request has ended, and are kept for ${keepText(keep)}.`
          : `Those ${whose} are kept for ${keepText(keep)}. This request's are not: it is older than that, was made before, or was refused before it was read.`}
      </p>
    );
  }
  return (
    <div className={classes.off}>
      <p>
        They are not kept. Gatehouse can keep those {whose} from now on, on this machine alone, without the
        secrets in them, until they expire.
      </p>
      <Group gap="xs">
        <Button
          size="xs"
          variant="default"
          onClick={() =>
            void attempt("Prompts and answers can't be kept", () => keepContents(record.project, KEEP))
          }
        >
          Keep them for {keepText(KEEP)}
        </Button>
        <Button size="xs" variant="subtle" onClick={() => go("settings", "contents")}>
          Choose otherwise
        </Button>
      </Group>
    </div>
  );
}

function Kept({ contents }: { contents: RequestContents }) {
  const readable = contents.messages.length > 0 || contents.answered.length > 0;
  const [raw, setRaw] = useState(!readable);
  return (
    <div className={classes.kept}>
      <Group justify="space-between" gap="xs">
        <span className={classes.until}>
          Kept until {contents.until ? formatMoment(contents.until) : "it expires"}
        </span>
        {readable && (
          <SegmentedControl
            size="xs"
            value={raw ? "raw" : "read"}
            onChange={value => setRaw(value === "raw")}
            data={[
              { value: "read", label: "To read" },
              { value: "raw", label: "As sent" },
            ]}
            aria-label="How prompt and answer are shown"
          />
        )}
      </Group>
      {raw ? (
        <>
          <Raw title="Request" text={contents.request} />
          <Raw title="Answer" text={contents.answer} />
        </>
      ) : (
        <>
          {contents.messages.length > 0 ? (
            contents.messages.map((message, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: turns have nothing else to tell them apart, and don't change
              <Turn key={i} message={message} />
            ))
          ) : (
            <Raw title="Request" text={contents.request} />
          )}
          {contents.answered.length > 0 ? (
            <Turn message={{ role: "answer", parts: contents.answered }} />
          ) : (
            <Raw title="Answer" text={contents.answer} />
          )}
        </>
      )}
    </div>
  );
}

function Turn({ message }: { message: ContentMessage }) {
  return (
    <article className={classes.turn} data-role={message.role} aria-label={message.role}>
      <h4 className={classes.role}>{message.role}</h4>
      {message.parts.map((part, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: parts have nothing else to tell them apart, and don't change
        <Part key={i} part={part} />
      ))}
    </article>
  );
}

const KINDS: Record<ContentPart["kind"], string> = {
  text: "",
  reasoning: "Reasoning",
  refusal: "Refusal",
  call: "Calls",
  result: "Result of",
  media: "File",
  other: "Other",
};

function Part({ part }: { part: ContentPart }) {
  const title = [KINDS[part.kind], part.name].filter(Boolean).join(" ");
  return (
    <div data-kind={part.kind}>
      {title && <div className={classes.kind}>{title}</div>}
      {part.text && <LongText text={part.text} />}
    </div>
  );
}

function Raw({ title, text }: { title: string; text: ContentText | null }) {
  if (!text) return null;
  return (
    <article className={classes.turn} aria-label={title}>
      <Group justify="space-between" gap={4}>
        <h4 className={classes.role}>
          {title} <span className={classes.size}>{formatBytes(text.bytes)}</span>
        </h4>
        {text.text && <CopyIcon text={text.text} what={title.toLowerCase()} size={22} />}
      </Group>
      {text.missing ? (
        <p className={classes.kind}>Nothing of it is kept: {text.missing}.</p>
      ) : (
        <LongText text={text.text} mono />
      )}
      {text.truncated && (
        <p className={classes.kind}>Only its beginning is kept, of {formatCount(text.bytes)} bytes.</p>
      )}
    </article>
  );
}

function LongText({ text, mono = false }: { text: string; mono?: boolean }) {
  const [all, setAll] = useState(false);
  const long = text.length > SHOWN;
  return (
    <>
      <pre className={classes.text} data-mono={mono || undefined} dir="auto" tabIndex={0}>
        {all || !long ? text : `${text.slice(0, SHOWN)}…`}
      </pre>
      {long && (
        <Button size="compact-xs" variant="subtle" onClick={() => setAll(!all)} aria-expanded={all}>
          {all ? "Show less" : `Show all ${formatCount(text.length)} characters`}
        </Button>
      )}
    </>
  );
}
