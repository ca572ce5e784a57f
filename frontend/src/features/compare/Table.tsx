import { IconAlertTriangle, IconTrophy } from "@tabler/icons-react";
import type { ComparedAnswer, ComparisonDetail } from "../../api";
import { formatCost } from "../../lib/money";
import { formatCount } from "../../lib/numbers";
import { formatDuration } from "../../lib/time";
import { answersTo } from "../../state/compared";
import { Panel } from "../../ui/Page";
import classes from "./Compare.module.css";
import { formatSpeed } from "./facts";

interface Props {
  detail: ComparisonDetail;
  /** The prompt whose answers are shown below. */
  shown: number;
  onShow(prompt: number): void;
}

/** All prompts by all models, with what each model comes to. */
export function Table({ detail, shown, onShow }: Props) {
  const { comparison, totals } = detail;
  return (
    <Panel title="All prompts" flush>
      <div className={classes.tableScroll}>
        <table className={classes.table}>
          <thead>
            <tr>
              <th scope="col">Prompt</th>
              {comparison.models.map(model => (
                <th scope="col" key={model} className="mono">
                  {model}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {comparison.prompts.map((prompt, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a prompt's place is its identity
              <tr key={i} data-shown={i === shown || undefined}>
                <th scope="row">
                  <button
                    type="button"
                    className={classes.row}
                    aria-pressed={i === shown}
                    dir="auto"
                    onClick={() => onShow(i)}
                  >
                    {prompt}
                  </button>
                </th>
                {answersTo(detail, i).map(answer => (
                  <td key={answer.model}>
                    <Cell answer={answer} wins={comparison.winners[i] === answer.model} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
          {comparison.state !== "running" && (
            <tfoot>
              <tr>
                <th scope="row">Together</th>
                {totals.map(t => (
                  <td key={t.model}>
                    <span className={classes.cell}>
                      <b>
                        {t.wins} won, {t.answered} answered{t.failed > 0 && `, ${t.failed} failed`}
                      </b>
                      <span className="numbers">
                        {formatCost(t.costPicoUSD)} · {formatCount(t.outputTokens)} out
                      </span>
                      <span className="numbers">
                        {formatDuration(t.timeToFirstTokenMs)} · {formatSpeed(t.tokensPerSecond)} (medians)
                      </span>
                    </span>
                  </td>
                ))}
              </tr>
            </tfoot>
          )}
        </table>
      </div>
    </Panel>
  );
}

function Cell({ answer, wins }: { answer: ComparedAnswer; wins: boolean }) {
  switch (answer.state) {
    case "waiting":
      return <span className={classes.faint}>waiting</span>;
    case "streaming":
      return <span className={classes.faint}>writing…</span>;
    case "stopped":
      return <span className={classes.faint}>stopped</span>;
    case "failed":
      return (
        <span className={classes.cell} title={answer.error}>
          <span>
            <IconAlertTriangle size={13} aria-hidden /> failed
          </span>
        </span>
      );
    default:
      return (
        <span className={classes.cell}>
          <span className="numbers">
            {formatCost(answer.costPicoUSD)} · {formatCount(answer.outputTokens)} out
          </span>
          <span className="numbers">
            {formatDuration(answer.timeToFirstTokenMs)} · {formatSpeed(answer.tokensPerSecond)}
          </span>
          {wins && (
            <b>
              <IconTrophy size={13} aria-hidden /> winner
            </b>
          )}
        </span>
      );
  }
}
