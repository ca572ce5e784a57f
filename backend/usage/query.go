package usage

import (
	"cmp"
	"slices"
	"time"

	"gatehouse/backend/llm"
)

// By is what a report's groups are made of.
type By string

// The kinds of groups. A day is one of the query's zone; the others are as in Record. ByCredential is the type of the
// credential.
const (
	ByModel      By = "model"
	ByProvider   By = "provider"
	ByProject    By = "project"
	ByKey        By = "key"
	ByClient     By = "client"
	ByUser       By = "user"
	ByTag        By = "tag"
	ByCredential By = "credential"
	ByOutcome    By = "outcome"
	ByErrorKind  By = "error"
	ByDay        By = "day"
)

// dimensions give a series' name in a kind of group. Tags have several.
var dimensions = map[By]func(*series) string{
	ByModel:      func(s *series) string { return s.model },
	ByProvider:   func(s *series) string { return s.provider },
	ByProject:    func(s *series) string { return s.project },
	ByKey:        func(s *series) string { return s.key },
	ByClient:     func(s *series) string { return s.client },
	ByUser:       func(s *series) string { return s.user },
	ByCredential: func(s *series) string { return s.credential },
	ByOutcome:    func(s *series) string { return s.outcome },
	ByErrorKind:  func(s *series) string { return s.errorKind },
}

// Filter says which requests a report counts: those that have one of the names of each list that is not empty. Models are
// those that served, or the requested ones where none did. KeyIDs are ids of local API keys, Keys their names.
type Filter struct {
	Models, Providers, Projects, KeyIDs, Keys, Clients, Users, Credentials, Outcomes, ErrorKinds []string
	// Tags are all to be there where AllTags is set, else one of them.
	Tags    []string
	AllTags bool
}

// texts are the lists but for tags, in the order of series.texts.
func (f *Filter) texts() [][]string {
	return [][]string{
		f.Providers, f.Models, f.Projects, f.KeyIDs, f.Keys, f.Clients, f.Credentials, f.Outcomes, f.ErrorKinds, f.Users,
	}
}

func (f *Filter) matches(s *series) bool {
	names := s.texts()
	for i, list := range f.texts() {
		if len(list) > 0 && !slices.Contains(list, *names[i]) {
			return false
		}
	}
	has := func(tag string) bool { return slices.Contains(s.tags, tag) }
	switch {
	case len(f.Tags) == 0:
		return true
	case f.AllTags:
		return !slices.ContainsFunc(f.Tags, func(tag string) bool { return !has(tag) })
	}
	return slices.ContainsFunc(f.Tags, has)
}

// labels tells whether users or tags are asked for.
func (f *Filter) labels() bool { return len(f.Users) > 0 || len(f.Tags) > 0 }

// Width is how long a bucket of a report is.
type Width string

// The widths; days and months are those of the query's zone.
const (
	NoBuckets Width = ""
	Hourly    Width = "hour"
	Daily     Width = "day"
	Monthly   Width = "month"
)

// ReportQuery asks for a report of the requests that started at From or later and before To; zero times are unbounded.
type ReportQuery struct {
	From, To time.Time
	// By is what the groups are made of; empty for none. Limit is how many of them, the dearest, are told of by themselves
	// (50 where it is 0, at most 1000; the rest is summed up in one).
	By    By
	Limit int
	// Bucket is the width of the parts in which time passes, Zone whose days they are (nil: the machine's).
	Bucket Width
	Zone   *time.Location
	Filter Filter
	// Compare asks for the totals of the time before, of the same length. From and To are needed for it.
	Compare bool
	// Quantiles asks for times and speeds.
	Quantiles bool
}

const (
	defaultGroups = 50
	maxGroups     = 1000
	maxBuckets    = 4000
)

// prepare checks the query and fills in what it leaves open.
func (q *ReportQuery) prepare() error {
	if q.Zone == nil {
		q.Zone = time.Local
	}
	q.Limit = min(cmp.Or(max(q.Limit, 0), defaultGroups), maxGroups)

	if _, known := dimensions[q.By]; !known && q.By != "" && q.By != ByTag {
		return llm.Errorf(llm.ErrBadRequest, "a report by %q is unknown; use model, provider, project, key, client, user, tag, "+
			"credential, outcome or error", q.By)
	}
	switch q.Bucket {
	case NoBuckets, Hourly, Daily, Monthly:
	default:
		return llm.Errorf(llm.ErrBadRequest, "buckets of a %q are unknown; use hour, day or month", q.Bucket)
	}
	if q.Compare && (q.From.IsZero() || q.To.IsZero()) {
		return llm.Errorf(llm.ErrBadRequest, "a comparison needs a start and an end")
	}
	if !q.To.IsZero() && q.To.Before(q.From) {
		return llm.Errorf(llm.ErrBadRequest, "the end must not be before the start")
	}
	return nil
}

// labels tells whether the query needs the series with users and tags.
func (q *ReportQuery) labels() bool { return q.By == ByUser || q.By == ByTag || q.Filter.labels() }

// names gives the groups that a series counts in.
func (q *ReportQuery) names(s *series) []string {
	switch {
	case q.By == "":
		return nil
	case q.By != ByTag:
		return []string{dimensions[q.By](s)}
	case s.labels && s.user == Other && len(s.tags) == 0:
		return []string{Other}
	case len(s.tags) == 0:
		return []string{""}
	}
	return s.tags
}

// floor is the start of the bucket that a time is in.
func (w Width) floor(t time.Time, zone *time.Location) time.Time {
	t = t.In(zone)
	y, m, d := t.Date()
	switch w {
	case Hourly:
		// By the clock's minutes, not by its hours, of which one may come twice.
		return t.Add(-time.Duration(t.Minute())*time.Minute - time.Duration(t.Second())*time.Second - time.Duration(t.Nanosecond()))
	case Monthly:
		return time.Date(y, m, 1, 0, 0, 0, 0, zone)
	}
	return time.Date(y, m, d, 0, 0, 0, 0, zone)
}

// next is the start of the bucket after the one that starts at t.
func (w Width) next(t time.Time, zone *time.Location) time.Time {
	t = t.In(zone)
	y, m, d := t.Date()
	switch w {
	case Hourly:
		return t.Add(time.Hour)
	case Monthly:
		return time.Date(y, m+1, 1, 0, 0, 0, 0, zone)
	}
	return time.Date(y, m, d+1, 0, 0, 0, 0, zone)
}

// cuts gives the starts of the buckets that from to to is made of; the first one starts at from.
func (q *ReportQuery) cuts(from, to time.Time) ([]time.Time, error) {
	if q.Bucket == NoBuckets || !from.Before(to) {
		return []time.Time{from}, nil
	}
	starts := []time.Time{from.In(q.Zone)}
	for t := q.Bucket.next(q.Bucket.floor(from, q.Zone), q.Zone); t.Before(to); t = q.Bucket.next(t, q.Zone) {
		if len(starts) == maxBuckets {
			return nil, llm.Errorf(llm.ErrBadRequest, "that are more than %d buckets; ask for longer ones or for less time", maxBuckets)
		}
		starts = append(starts, t)
	}
	return starts, nil
}
