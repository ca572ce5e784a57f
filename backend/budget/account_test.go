package budget_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"gatehouse/backend/budget"
	"gatehouse/backend/gateway"
	"gatehouse/backend/store"
)

// everyKind are budgets over everything there can be one over, in all units and periods.
func everyKind() []budget.Spec {
	return []budget.Spec{
		usd("all", 1e6*dollar, budget.Total), usd("day", 1e6*dollar, budget.Day),
		{Name: "key", Scope: budget.Scope{Key: "z*"}, Limit: budget.Limit{Unit: budget.Tokens, Amount: 1e12, Per: budget.Month}},
		{Name: "project", Scope: budget.Scope{Project: "p"}, Limit: budget.Limit{Unit: budget.USD, Amount: 1e6 * dollar, Per: budget.Total}},
		{Name: "model", Scope: budget.Scope{Model: "a"}, Limit: budget.Limit{Unit: budget.Requests, Amount: 1e12, Per: budget.Week}},
		{Name: "tag", Scope: budget.Scope{Tag: "ci"}, Limit: budget.Limit{Unit: budget.USD, Amount: 1e6 * dollar, Per: budget.Total}},
	}
}

func (b *bench) allSpent() string {
	text := ""
	for _, s := range b.List() {
		text += fmt.Sprint(s.Name, " ", s.Spent, " ", s.Reserved, " ", s.Unpriced, " ", s.Estimated, "; ")
	}
	return text
}

// What was spent stays spent, whatever is deleted from the history and put back, and over restarts.
func TestDeletedStaysSpent(t *testing.T) {
	dir, l := t.TempDir(), newLedger()
	var list []budget.Spent
	var want string
	restart := func(name string, then func(b *bench)) {
		t.Run(name, func(t *testing.T) {
			b := openBench(t, dir, l)
			b.specs(everyKind()...)
			if want != "" && b.allSpent() != want {
				t.Errorf("after a restart\n %s, before\n %s", b.allSpent(), want)
			}
			then(b)
			b.Reload()
			if err := b.Ready(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := b.allSpent(); got != want {
				t.Errorf("spent\n %s, not\n %s", got, want)
			}
		})
	}
	restart("spent", func(b *bench) {
		for i := range 30 {
			in := b.intent([]string{"a", "dear", "odd"}[i%3], 300, 100)
			if i%4 == 0 {
				in.Tags = []string{"ci"}
			}
			if _, err := b.begin(in); err != nil {
				t.Fatal(err)
			}
			b.end(in, 100, int64(i))
		}
		b.committed()
		for _, s := range l.all {
			list = append(list, s)
		}
		want = b.allSpent()
	})
	restart("some deleted", func(b *bench) { b.change(budget.Deleted, list[:10]...) })
	restart("all deleted", func(b *bench) { b.change(budget.Deleted, list[10:]...) })
	restart("put back", func(b *bench) { b.change(budget.PutBack, list...) })
	restart("another history's", func(b *bench) {
		other, cost := list[0], int64(dollar)
		other.ID, other.Key, other.Project, other.Tags, other.PicoUSD, other.StartedAt = "req_other", "zed", "p", nil, &cost, noon
		before := b.state("all").Spent
		b.change(budget.PutBack, other)
		b.Reload()
		if err := b.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := b.state("all").Spent - before; got != dollar {
			t.Errorf("%d more is spent", got)
		}
		want = b.allSpent()
	})
	restart("at the end", func(*bench) {})
}

// Adding up a long history goes on where it was broken off; what ends, is deleted and is put back meanwhile counts once.
func TestAddingUpIsBrokenOff(t *testing.T) {
	dir, l := t.TempDir(), newLedger()
	const many = 7000
	cost := int64(dollar)
	one := func(i int) budget.Spent {
		return budget.Spent{
			ID: fmt.Sprintf("req_0%06d", i), StartedAt: noon.Add(-time.Hour), Key: "zed", Model: "a", Provider: "x", Outcome: gateway.OK,
			Status: 200, PicoUSD: &cost,
		}
	}
	want := int64(many)
	for round, broken := range []bool{true, false, false} {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			b := openBench(t, dir, l)
			if round == 0 {
				err := b.DB.Write(func(tx *store.Tx) (err error) {
					for i := range many {
						s := one(i)
						err = errors.Join(err, l.stored.In(tx).Put(s.ID, s))
					}
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			walked := 0
			l.walked = func() error {
				if walked++; broken && walked > 6000 {
					return errors.New("the disk is gone")
				}
				return nil
			}
			b.specs(usd("b", 1e6*dollar, budget.Total))
			switch s := b.state("b"); {
			case broken && s.Problem == "":
				t.Errorf("%+v", s)
			case !broken && (s.Problem != "" || s.Spent != want*dollar):
				t.Errorf("spent %d of %d, %q", s.Spent/dollar, want, s.Problem)
			case round == 2 && walked > 0:
				t.Errorf("%d are walked over again", walked)
			}
			if !broken {
				return
			}
			// Of these, one is added up already and the other is not, or both are.
			b.change(budget.Deleted, one(round), one(many-1-round))
			b.change(budget.PutBack, one(round))
			want--
			in := b.intent("a", 30, 100)
			in.ID = fmt.Sprint("req_z", round)
			if _, err := b.begin(in); err != nil {
				t.Fatal(err)
			}
			b.end(in, 500, 500)
			b.committed()
			want++
		})
	}
}
