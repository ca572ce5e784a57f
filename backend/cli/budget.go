package cli

import (
	"fmt"
	"strings"

	"gatehouse/backend/budget"
	"gatehouse/backend/control"
)

type budgetCommands struct {
	List   budgetList   `cmd:"" default:"withargs" help:"Show what is spent of each budget."`
	Set    budgetSet    `cmd:"" help:"Make a budget, or set one anew."`
	Allow  budgetAllow  `cmd:"" help:"Allow more until the budget's period ends."`
	Remove budgetRemove `cmd:"" help:"Remove a budget."`
}

type budgetList struct {
	JSON bool `name:"json" help:"Print JSON."`
}

func (c budgetList) Run(s *session) error {
	list, err := call[control.BudgetList](s, "budgets.list", control.Empty{})
	if err != nil {
		return err
	}
	if c.JSON {
		return s.json(list.Budgets)
	}
	if len(list.Budgets) == 0 {
		s.print("There are no budgets; make one with: gatehouse budget set NAME 20/month\n")
		return nil
	}
	printBudgets(s, list)
	return nil
}

func printBudgets(s *session, list control.BudgetList) {
	rows := [][]string{{"BUDGET", "OVER", "SPENT", "RESETS", "STATE"}}
	for _, b := range list.Budgets {
		resets := "never"
		if b.ResetsAt != nil {
			resets = b.ResetsAt.Local().Format("2006-01-02 15:04")
		}
		state := b.State
		if b.State == "falling" {
			state += " to " + b.Fallback
		}
		rows = append(rows, []string{b.Name, scopeOf(b), b.Text, resets, state})
	}
	s.table(rows)
	for _, b := range list.Budgets {
		if b.Allowed > 0 {
			s.print("! %s: %s more allowed until it resets\n", b.Name, budget.Unit(b.Unit).Words(b.Allowed))
		}
		if b.Unpriced > 0 {
			s.print("! %s: %d requests whose price is not known are not in it\n", b.Name, b.Unpriced)
		}
		if b.Estimated > 0 {
			s.print("! %s: %d requests whose end is not known count as estimated\n", b.Name, b.Estimated)
		}
		if b.Problem != "" {
			s.print("! %s: %s\n", b.Name, b.Problem)
		}
	}
}

// scopeOf says what a budget is over.
func scopeOf(b control.Budget) string {
	var parts []string
	for _, p := range []struct{ name, pattern string }{{"key", b.Key}, {"project", b.Project}, {"model", b.Model}, {"tag", b.Tag}} {
		if p.pattern != "" {
			parts = append(parts, p.name+" "+p.pattern)
		}
	}
	if len(parts) == 0 {
		return "everything"
	}
	return strings.Join(parts, ", ")
}

type budgetSet struct {
	Name       string `arg:"" help:"The budget's name."`
	Limit      string `arg:"" help:"What may be spent, such as 20/month (US dollars), '2M tokens/day' or '500 requests/week'."`
	Key        string `help:"The API key it is over, by name or pattern."`
	Project    string `help:"The project it is over, or a pattern."`
	Model      string `help:"The model it is over, or a pattern such as anthropic/*."`
	Tag        string `help:"The tag it is over, or a pattern."`
	Warn       []int  `help:"At which percentages to warn; 50,75,90 if not given."`
	Fallback   string `help:"A model that answers in place of the one that is asked for, near the limit."`
	FallbackAt int    `help:"From which percentage on it answers; 90 if not given."`
}

func (c budgetSet) Run(s *session) error {
	list, err := call[control.BudgetList](s, "budgets.set", control.NewBudget{
		Name: c.Name, Limit: c.Limit, Key: c.Key, Project: c.Project, Model: c.Model, Tag: c.Tag, Warn: c.Warn, Fallback: c.Fallback,
		FallbackAt: c.FallbackAt,
	})
	return printBudget(s, list, c.Name, err)
}

type budgetAllow struct {
	Name   string `arg:"" help:"The budget's name."`
	Amount string `arg:"" help:"How much more, such as 2 (US dollars), 1M (tokens) or 100 (requests)."`
}

func (c budgetAllow) Run(s *session) error {
	list, err := call[control.BudgetList](s, "budgets.allow", control.BudgetAllowance{Budget: c.Name, Amount: c.Amount})
	return printBudget(s, list, c.Name, err)
}

func printBudget(s *session, list control.BudgetList, name string, err error) error {
	for _, b := range list.Budgets {
		if b.Name == name {
			s.print("%s: %s\n", b.Name, b.Text)
		}
	}
	return err
}

type budgetRemove struct {
	Name string `arg:"" help:"The budget's name."`
}

func (c budgetRemove) Run(s *session) error {
	_, err := call[control.BudgetList](s, "budgets.remove", control.BudgetRef{Budget: c.Name})
	if err == nil {
		s.print("removed %s\n", c.Name)
	}
	return err
}

// rateLine says what a key may do in a minute.
func rateLine(requests, tokens int64, atOnce int) string {
	var parts []string
	if requests > 0 {
		parts = append(parts, fmt.Sprintf("%d requests a minute", requests))
	}
	if tokens > 0 {
		parts = append(parts, fmt.Sprintf("%d tokens a minute", tokens))
	}
	if atOnce > 0 {
		parts = append(parts, fmt.Sprintf("%d at once", atOnce))
	}
	if len(parts) == 0 {
		return "no rate limit"
	}
	return strings.Join(parts, ", ")
}
