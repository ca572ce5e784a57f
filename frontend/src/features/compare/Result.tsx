import { Button, Progress } from "@mantine/core";
import { IconDownload, IconPlayerStopFilled, IconPlus, IconRefresh } from "@tabler/icons-react";
import { useState } from "react";
import { api, type ComparisonDetail } from "../../api";
import { formatMoment } from "../../lib/time";
import { stopComparing, useComparison } from "../../state/compare";
import { answersTo } from "../../state/compared";
import { go } from "../../state/route";
import { attempt } from "../../ui/notify";
import { Page } from "../../ui/Page";
import { ErrorNote, Loading } from "../../ui/States";
import { fileName, saveText } from "../../ui/save";
import { AnswerCard } from "./AnswerCard";
import classes from "./Compare.module.css";
import { change } from "./draft";
import { asCsv } from "./facts";
import { Table } from "./Table";

/** One comparison: its answers side by side and, with more prompts than one, the table of them. */
export function Result({ id }: { id: string }) {
  const { compared, error } = useComparison(id);
  const [shown, setShown] = useState(0);
  const detail = compared?.detail;
  return (
    <Page
      title="Compare"
      wide
      description={detail && `Made ${formatMoment(detail.comparison.createdAt)}`}
      actions={detail && <Actions detail={detail} />}
    >
      {error && <ErrorNote title="The comparison can't be shown" message={error} />}
      {!detail && !error && <Loading what="the comparison" rows={3} height={72} />}
      {detail && <Running detail={detail} />}
      {detail && detail.comparison.prompts.length > 1 && (
        <Table detail={detail} shown={shown} onShow={setShown} />
      )}
      {detail && <SideBySide detail={detail} prompt={shown} />}
    </Page>
  );
}

function Actions({ detail }: { detail: ComparisonDetail }) {
  const { comparison } = detail;
  const again = () => {
    change({
      models: comparison.models,
      prompts: comparison.prompts,
      system: comparison.system,
      temperature: comparison.temperature === null ? "" : String(comparison.temperature),
    });
    go("compare");
  };
  const fresh = () => {
    change({ models: comparison.models, prompts: [""] });
    go("compare");
  };
  const name = fileName(comparison.prompts[0] ?? "", "csv");
  return (
    <>
      {comparison.state === "running" && (
        <Button
          variant="default"
          leftSection={<IconPlayerStopFilled size={14} />}
          onClick={() => stopComparing()}
        >
          Stop
        </Button>
      )}
      <Button
        variant="default"
        leftSection={<IconDownload size={15} />}
        onClick={() => void saveText(name, "text/csv", asCsv(detail))}
      >
        CSV
      </Button>
      <Button variant="default" leftSection={<IconRefresh size={15} />} onClick={again}>
        Change and repeat
      </Button>
      <Button variant="default" leftSection={<IconPlus size={15} />} onClick={fresh}>
        New
      </Button>
    </>
  );
}

function Running({ detail }: { detail: ComparisonDetail }) {
  const { comparison, answers } = detail;
  if (comparison.state === "done") return null;
  if (comparison.state === "stopped") return <p className={classes.faint}>Stopped before its end.</p>;
  return (
    <div className={classes.progress}>
      <Progress
        style={{ flex: 1 }}
        value={(100 * comparison.ended) / answers.length}
        aria-label="Answers that have ended"
        size="sm"
      />
      <span className={classes.faint}>
        {comparison.ended} of {answers.length} answered
      </span>
    </div>
  );
}

function SideBySide({ detail, prompt }: { detail: ComparisonDetail; prompt: number }) {
  const { comparison } = detail;
  const winner = comparison.winners[prompt] ?? "";
  const pick = (model: string) =>
    attempt("Picking the winner failed", () =>
      api.call("compare.pick", { comparison: comparison.id, prompt, model: model === winner ? "" : model }),
    );
  return (
    <section aria-label={`Answers to prompt ${prompt + 1}`} className={classes.side}>
      {comparison.system && (
        <p className={classes.prompt} dir="auto">
          <span className={classes.faint}>System: </span>
          {comparison.system}
        </p>
      )}
      <p className={classes.prompt} dir="auto">
        {comparison.prompts[prompt]}
      </p>
      <div className={classes.columns} data-count={comparison.models.length}>
        {answersTo(detail, prompt).map(answer => (
          <AnswerCard
            key={answer.model}
            answer={answer}
            wins={winner === answer.model}
            onPick={() => void pick(answer.model)}
          />
        ))}
      </div>
    </section>
  );
}
