package modellist

import (
	"fmt"
	"slices"
	"time"

	"gatehouse/backend/catalog"
	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
)

// The pace: local servers come and go within a session of work, remote lists within days. A provider that fails is asked
// again after a minute, and each time after twice as long.
const (
	localEvery  = 20 * time.Second
	remoteEvery = 6 * time.Hour
	failedAfter = time.Minute
	// strangerEvery is for a program on a local server's port that is something else.
	strangerEvery = 10 * time.Minute
	askTimeout    = 15 * time.Second
	// spread is how far from the pace the next question may be, so that many programs don't ask all at once.
	spread = 0.2
)

// doubtTimes is how often a list must come the same that has lost most of its models, until it is believed.
const doubtTimes = 3

// standing is how asking a provider goes.
type standing struct {
	next     time.Time // when to ask again
	failures int       // in a row
	problem  string    // why the last answer could not be had or used; empty otherwise
	quiet    bool      // nobody need be told of the problem: nobody needs the list
	anew     bool      // the credential is another than that of the list which is there
	doubted  []string  // the ids of the list that was not believed
	doubts   int
}

func (l *List) standingOf(id provider.ID) *standing {
	st := l.standing[id]
	if st == nil {
		st = &standing{}
		l.standing[id] = st
	}
	return st
}

// after gives when to ask again: after d, a little more or less.
func (l *List) after(d time.Duration) time.Time {
	return l.Now().Add(time.Duration(float64(d) * (1 - spread + 2*spread*l.Jitter())))
}

// failed notes why no list could be had, and when to ask again: later each time, and never before the provider said.
func (l *List) failed(st *standing, message string, retryAfter time.Duration) (news bool) {
	news = st.problem != message
	wait := remoteEvery
	if st.failures < 9 { // a minute, nine times doubled, is beyond six hours
		wait = min(failedAfter<<st.failures, remoteEvery)
	}
	st.failures++
	st.problem, st.next = message, l.after(wait)
	if said := l.Now().Add(retryAfter); said.After(st.next) {
		st.next = said
	}
	return news
}

// took takes an answer and tells whether it changed anything. A bad one never replaces a good list, except that a local
// server which does not answer is not running.
func (l *List) took(q question, listing provider.Listing, err error) (changed bool) {
	source, id := l.Source(), q.p.ID
	l.mu.Lock()
	if q.epoch != l.epoch {
		l.mu.Unlock()
		return false
	}
	before, had := l.lists[id]
	st := l.standingOf(id)
	st.quiet = q.public
	put := false
	switch {
	case err == nil && listing.Same && !had: // it was forgotten meanwhile
		st.next = l.Now()
	case err == nil && listing.Same:
		before.At, changed, put = l.Now(), before.Public != q.public || st.problem != "", true
		before.Public = q.public
		l.lists[id] = before
		l.succeeded(st, q.p)
	case err == nil:
		next := kept{Version: keptVersion, At: l.Now(), BaseURL: q.p.BaseURL, ETag: listing.ETag, Public: q.public, Models: listing.Models}
		if doubt := st.doubt(before, next, q.p); doubt != "" {
			changed = l.failed(st, doubt, 0)
			break
		}
		changed = !had || before.BaseURL != next.BaseURL || before.Public != next.Public || st.problem != "" ||
			!slices.EqualFunc(before.Models, next.Models, sameModel)
		l.lists[id], put = next, true
		l.succeeded(st, q.p)
	case q.p.Local:
		changed, put = had, had
		delete(l.lists, id)
		st.next = l.Now().Add(localEvery - time.Second) // a tick that comes a little early counts
		if llm.AsError(err).Code != "upstream_unreachable" {
			st.next = l.Now().Add(strangerEvery)
		}
	default:
		e := llm.AsError(err)
		message := e.Message
		if e.Kind == llm.ErrTimeout {
			message = fmt.Sprintf("%s did not answer within %v", q.p.Name, askTimeout)
		}
		changed = l.failed(st, message, e.RetryAfter)
	}
	if changed {
		l.rebuildLocked(source)
	}
	record, has := l.lists[id]
	l.mu.Unlock()
	if put {
		l.keep(q.p, record, has)
	}
	return changed
}

func (l *List) succeeded(st *standing, p *provider.Provider) {
	*st = standing{next: l.after(remoteEvery)}
	if p.Local {
		st.next = l.Now().Add(localEvery - time.Second)
	}
}

// sameModel compares what lists say of a model. When it was listed and its entry as it came don't count: there are
// servers that write the time of the answer into it.
func sameModel(a, b catalog.Model) bool {
	a.Created, b.Created, a.Raw, b.Raw = 0, 0, nil, nil
	return equal(a, b)
}

// doubt tells why a list is not believed yet, empty if it is: one that has lost most of its models is likelier half a
// list than a new one, so that it must come several times. Another account's, or another server's, is a new one.
func (st *standing) doubt(before, next kept, p *provider.Provider) string {
	if p.Local || st.anew || before.BaseURL != next.BaseURL || len(before.Models) == 0 {
		return ""
	}
	ids := make([]string, len(next.Models))
	there := map[string]bool{}
	for i, m := range next.Models {
		ids[i], there[m.ID] = m.ID, true
	}
	left := 0
	for _, m := range before.Models {
		if there[m.ID] {
			left++
		}
	}
	if left*2 >= len(before.Models) {
		return ""
	}
	if !slices.Equal(st.doubted, ids) {
		st.doubted, st.doubts = ids, 0
	}
	if st.doubts++; st.doubts >= doubtTimes {
		return ""
	}
	return fmt.Sprintf("the list of %s has only %d of the %d models that it had; the old one stays until the new one has come %d times",
		p.Name, left, len(before.Models), doubtTimes)
}
