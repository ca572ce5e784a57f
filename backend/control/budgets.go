package control

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"gatehouse/backend/budget"
	"gatehouse/backend/llm"
	"gatehouse/backend/settings"
)

// Budget is one budget and how it stands. Amounts are in its unit, money in 1e-12 USD.
type Budget = budget.Budget

// BudgetList is every budget, in order of name.
type BudgetList struct {
	Budgets []Budget `json:"budgets"`
}

// BudgetStatus is how the budgets stand, for a frame.
type BudgetStatus struct {
	// News are the budgets that have reached a step or refuse requests, each in a sentence, those that refuse first.
	News []BudgetLine `json:"news"`
	// Tightest is the budget of which the most is spent, null where there is none.
	Tightest *BudgetLine `json:"tightest"`
}

// BudgetLine is a budget in a line, such as "$15.21 of $20.00 this month (76 %)".
type BudgetLine struct {
	Name    string `json:"name"`
	Text    string `json:"text"`
	Percent int    `json:"percent"`
	// Step is the highest of its warnings that was reached, in percent; 0 for none.
	Step  int    `json:"step"`
	State string `json:"state" enum:"ok,warned,falling,blocked,loading"`
}

// NewBudget makes a budget, or sets one anew. Limit is a text such as 20/month, 2M tokens/day or 500 requests/week. Empty
// patterns are everything. Warn empty is 50, 75 and 90 percent; FallbackAt 0 is 90 percent.
type NewBudget struct {
	Name       string `json:"name"`
	Limit      string `json:"limit"`
	Key        string `json:"key,omitempty"`
	Project    string `json:"project,omitempty"`
	Model      string `json:"model,omitempty"`
	Tag        string `json:"tag,omitempty"`
	Warn       []int  `json:"warn,omitempty"`
	Fallback   string `json:"fallback,omitempty"`
	FallbackAt int    `json:"fallbackAt,omitempty"`
}

// BudgetRef names a budget.
type BudgetRef struct {
	Budget string `json:"budget"`
}

// BudgetAllowance raises a budget by an amount of its unit, such as 2 or 1M, until its period ends.
type BudgetAllowance struct {
	Budget string `json:"budget"`
	Amount string `json:"amount"`
}

// budgetList waits for budgets that are being added up.
func (s *Service) budgetList(ctx context.Context) (BudgetList, error) {
	if err := s.Budgets.Ready(ctx); err != nil {
		return BudgetList{}, err
	}
	return BudgetList{Budgets: s.Budgets.List()}, nil
}

func (s *Service) budgetStatus() BudgetStatus {
	out := BudgetStatus{News: []BudgetLine{}}
	list := s.Budgets.List()
	slices.SortStableFunc(list, func(a, b Budget) int { return cmp.Compare(b.Percent, a.Percent) })
	for _, refuses := range []bool{true, false} {
		for _, b := range list {
			if text := b.News(); text != "" && (b.State == "blocked") == refuses {
				out.News = append(out.News, BudgetLine{Name: b.Name, Text: text, Percent: b.Percent, Step: b.Step, State: b.State})
			}
		}
	}
	if len(list) > 0 {
		b := list[0]
		out.Tightest = &BudgetLine{Name: b.Name, Text: b.Text, Percent: b.Percent, Step: b.Step, State: b.State}
	}
	return out
}

func (s *Service) setBudget(ctx context.Context, p NewBudget) (BudgetList, error) {
	b, err := budgetSetting(p)
	if err != nil {
		return BudgetList{}, err
	}
	err = s.Settings.Modify(func(set *settings.Settings) error {
		if set.Budgets == nil {
			set.Budgets = map[string]settings.Budget{}
		}
		set.Budgets[p.Name] = b
		return nil
	})
	if err != nil {
		return BudgetList{}, err
	}
	s.BudgetsChanged()
	return s.budgetList(ctx)
}

// budgetSetting is a budget as the settings file has it.
func budgetSetting(p NewBudget) (settings.Budget, error) {
	limit, err := budget.ParseLimit(p.Limit)
	if err != nil {
		return settings.Budget{}, err
	}
	b := settings.Budget{
		Per: string(limit.Per), Key: p.Key, Project: p.Project, Model: p.Model, Tag: p.Tag, Warn: p.Warn, Fallback: p.Fallback,
		FallbackAt: p.FallbackAt,
	}
	switch limit.Unit {
	case budget.USD:
		b.USD = (*settings.Amount)(&limit.Amount)
	case budget.Tokens:
		b.Tokens = &limit.Amount
	case budget.Requests:
		b.Requests = &limit.Amount
	}
	return b, nil
}

func (s *Service) allowBudget(ctx context.Context, p BudgetAllowance) (BudgetList, error) {
	if _, err := s.Budgets.Allow(p.Budget, p.Amount); err != nil {
		return BudgetList{}, err
	}
	return s.budgetList(ctx)
}

func (s *Service) removeBudget(ctx context.Context, p BudgetRef) (BudgetList, error) {
	err := s.Settings.Modify(func(set *settings.Settings) error {
		if _, ok := set.Budgets[p.Budget]; !ok {
			return llm.Errorf(llm.ErrNotFound, "there is no budget %q in the settings", p.Budget).WithCode("budget_unknown")
		}
		delete(set.Budgets, p.Budget)
		return nil
	})
	if err == nil {
		s.BudgetsChanged()
		err = s.Budgets.Forget(p.Budget)
	}
	if err != nil {
		return BudgetList{}, err
	}
	return s.budgetList(ctx)
}

// limited gives a key with its rate limits.
func (s *Service) limited(k Key) Key {
	limits := s.Settings.Snapshot().RateLimits
	r, ok := limits[k.Name]
	if !ok {
		r = limits["*"]
	}
	k.RequestsPerMinute, k.TokensPerMinute, k.Concurrency = r.RequestsPerMinute, r.TokensPerMinute, r.Concurrency
	return k
}

// limitKey sets a key's rate limits in the settings file.
func (s *Service) limitKey(_ context.Context, p KeyLimit) (Key, error) {
	var key Key
	for _, k := range s.Keys.List() {
		if k.Name == p.Key || k.ID == p.Key {
			key = toKey(k)
			break
		}
	}
	if key.ID == "" && p.Key != "*" {
		return key, llm.Errorf(llm.ErrNotFound, "there is no API key %.80q; list the keys to see their names", p.Key)
	}
	name := cmp.Or(key.Name, p.Key)
	err := s.setRate(name, settings.RateLimit{
		RequestsPerMinute: p.RequestsPerMinute, TokensPerMinute: p.TokensPerMinute, Concurrency: p.Concurrency,
	})
	return s.limited(key), err
}

func (s *Service) setRate(name string, r settings.RateLimit) error {
	err := s.Settings.Modify(func(set *settings.Settings) error {
		_, shared := set.RateLimits["*"]
		switch {
		case set.RateLimits == nil:
			set.RateLimits = map[string]settings.RateLimit{name: r}
		case r == settings.RateLimit{} && (!shared || name == "*"):
			delete(set.RateLimits, name)
		default: // none at all, where the others have some, is a limit of its own
			set.RateLimits[name] = r
		}
		return nil
	})
	if err == nil {
		s.BudgetsChanged()
	}
	return err
}

// bounded sets the budget and the rate limits that a new key is to have.
func (s *Service) bounded(ctx context.Context, p NewKey) error {
	if rate := (settings.RateLimit{
		RequestsPerMinute: p.RequestsPerMinute, TokensPerMinute: p.TokensPerMinute, Concurrency: p.Concurrency,
	}); rate != (settings.RateLimit{}) {
		if err := s.setRate(p.Name, rate); err != nil {
			return err
		}
	}
	if p.Budget == "" {
		return nil
	}
	_, err := s.setBudget(ctx, NewBudget{Name: keyBudget(p.Name), Limit: p.Budget, Key: literal.Replace(p.Name)})
	return err
}

// literal makes of a name a pattern that stands for it alone.
var literal = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`)

// keyBudget is the name of the budget that a key was made with.
func keyBudget(key string) string { return "key " + key }
