import { Button } from "@mantine/core";
import { IconPigMoney, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { api, type Budget } from "../../api";
import { formatMoment } from "../../lib/time";
import { allowItem, budgets, draftOf, EMPTY_DRAFT } from "../../state/budgets";
import { useResource } from "../../state/resource";
import { go, replaceRoute } from "../../state/route";
import { AllowMore } from "../../ui/AllowMore";
import { announce } from "../../ui/announce";
import { Confirm } from "../../ui/Confirm";
import { Page } from "../../ui/Page";
import { Empty, ErrorNote, Loading } from "../../ui/States";
import { useNow } from "../../ui/useNow";
import { BudgetCard } from "./BudgetCard";
import { BudgetForm } from "./BudgetForm";
import classes from "./Budgets.module.css";

/** All budgets; the item "new" opens the form for one more, and that of a budget asks how much more of it is allowed. */
export default function BudgetsPage({ item }: { item: string }) {
  const { data, error } = useResource(budgets);
  const now = useNow();
  const [editing, setEditing] = useState<Budget | null>(null);
  const [removing, setRemoving] = useState<Budget | null>(null);
  const list = data?.budgets ?? [];
  const raising = list.find(b => item === allowItem(b.name));
  const leave = () => {
    setEditing(null);
    if (item) go("budgets");
  };
  return (
    <Page
      title="Budgets"
      description="What may be spent, in US dollars, tokens or requests. All budgets that a request is under must allow it; it reserves what it will probably take before anything is sent."
      actions={
        <Button leftSection={<IconPlus size={15} />} onClick={() => go("budgets", "new")}>
          New budget
        </Button>
      }
    >
      {error && (
        <ErrorNote title="The budgets can't be listed" message={error} retry={() => void budgets.reload()} />
      )}
      {!data && !error && <Loading what="budgets" rows={3} height={120} />}
      {data && list.length === 0 && (
        <Empty icon={<IconPigMoney size={22} />} title="No budgets yet">
          Without one, requests spend whatever your providers let them. Begin with one over everything, such
          as 20 US dollars a month.
        </Empty>
      )}
      {list.length > 0 && (
        <ul className={classes.list} aria-label="Budgets">
          {list.map(budget => (
            <BudgetCard
              key={budget.name}
              budget={budget}
              now={now}
              onAllow={() => replaceRoute("budgets", allowItem(budget.name))}
              onEdit={() => setEditing(budget)}
              onRemove={() => setRemoving(budget)}
            />
          ))}
        </ul>
      )}
      <BudgetForm
        opened={editing !== null || item === "new"}
        draft={editing ? draftOf(editing) : EMPTY_DRAFT}
        existing={editing !== null}
        names={list.map(b => b.name)}
        onClose={leave}
      />
      {raising && (
        <AllowMore
          opened
          name={raising.name}
          text={raising.text}
          unit={raising.unit}
          until={raising.resetsAt ? `until ${formatMoment(raising.resetsAt)}` : "until you remove the budget"}
          onAllow={async amount => {
            await api.call("budgets.allow", { budget: raising.name, amount });
            announce(`More is allowed of ${raising.name}.`);
          }}
          onClose={() => replaceRoute("budgets")}
        />
      )}
      <Confirm
        opened={removing !== null}
        title={`Remove “${removing?.name ?? ""}”?`}
        confirm="Remove"
        onClose={() => setRemoving(null)}
        onConfirm={() => api.call("budgets.remove", { budget: removing?.name ?? "" })}
      >
        Nothing holds its requests back any more. What they took stays in the usage history.
      </Confirm>
    </Page>
  );
}
