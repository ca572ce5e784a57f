package shell

import (
	"strconv"
	"sync"

	"gatehouse/backend/control"
	"gatehouse/backend/notify"
)

// alerts tells the user what needs them, once for each cause as long as it lasts: a budget at a step, a provider that is
// down.
type alerts struct {
	show func(notify.Message)

	mu   sync.Mutex
	told map[string]map[string]bool // by kind, the causes that hold
}

func newAlerts(show func(notify.Message)) *alerts {
	return &alerts{show: show, told: map[string]map[string]bool{}}
}

func (a *alerts) budgets(news []control.BudgetLine, wanted bool) {
	causes := map[string]notify.Message{}
	for _, b := range news {
		m := notify.Message{Title: "Budget " + b.Name + ": " + strconv.Itoa(b.Step) + " % spent", Body: b.Text}
		switch b.State {
		case "blocked":
			m.Title, m.Urgent = "Budget "+b.Name+" is spent", true
		case "falling":
			m.Title = "Budget " + b.Name + ": a cheaper model answers"
		}
		causes[b.Name+"/"+b.State+"/"+strconv.Itoa(b.Step)] = m
	}
	a.tell("budget", causes, wanted)
}

func (a *alerts) providers(entries []control.HealthEntry, wanted bool) {
	causes := map[string]notify.Message{}
	for _, e := range entries {
		switch e.State {
		case "open":
			causes[e.Provider] = notify.Message{Title: e.Provider + " is down", Body: e.Why}
		case "parked":
			causes[e.Provider+"/"+e.Credential] = notify.Message{Title: e.Provider + " refuses your credential", Body: e.Why, Urgent: true}
		case "probing": // it is not well yet
			if a.holds("provider", e.Provider) {
				causes[e.Provider] = notify.Message{}
			}
		}
	}
	a.tell("provider", causes, wanted)
}

func (a *alerts) holds(kind, cause string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.told[kind][cause]
}

// tell shows those causes that are new. One that was there while notifications were off counts as told.
func (a *alerts) tell(kind string, causes map[string]notify.Message, wanted bool) {
	a.mu.Lock()
	was, now := a.told[kind], map[string]bool{}
	var fresh []notify.Message
	for cause, m := range causes {
		now[cause] = true
		if !was[cause] {
			fresh = append(fresh, m)
		}
	}
	a.told[kind] = now
	a.mu.Unlock()
	for _, m := range fresh {
		if wanted {
			a.show(m)
		}
	}
}

// plain writes a number as commands take it.
func plain(n int64) string { return strconv.FormatInt(n, 10) }
