package usage

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"gatehouse/backend/catalog"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/prefix"
)

// The longest texts a record keeps, in bytes. They bound a record: some come from the client or an upstream.
const (
	maxName     = 256
	maxError    = 2048
	maxTry      = 512
	maxAttempts = 20
	maxTags     = 20
	maxNotices  = 20
)

// Record is one request in the history. An unknown number is nil. It is stored as its JSON, and is never changed once it
// is made.
type Record struct {
	ID             string    `json:"id"`
	StartedAt      time.Time `json:"startedAt"`
	KeyID          string    `json:"keyId,omitempty"`
	Key            string    `json:"key"`
	Project        string    `json:"project"`
	Client         string    `json:"client"`
	Dialect        string    `json:"dialect"`
	Surface        string    `json:"surface,omitempty"`
	Stream         bool      `json:"stream"`
	RequestedModel string    `json:"requestedModel"`
	Model          string    `json:"model"`
	Provider       string    `json:"provider"`
	UpstreamID     string    `json:"upstreamId,omitempty"`
	// User and Tags are what the request says for reports.
	User string   `json:"user,omitempty"`
	Tags []string `json:"tags,omitempty"`
	// Conversation is the same for all requests of one conversation, as far as the client tells them apart; empty is unknown.
	Conversation string `json:"conversation,omitempty"`
	// Prefix is how the prompt did not begin as that of the request before it in the conversation; nil where it did.
	Prefix *prefix.Break `json:"prefix,omitempty"`
	// The numbers of tokens are disjoint, as in llm.Usage, but for ReasoningTokens, which are part of OutputTokens.
	InputTokens        *int64 `json:"inputTokens"`
	CacheReadTokens    *int64 `json:"cacheReadTokens"`
	CacheWrite5mTokens *int64 `json:"cacheWrite5mTokens"`
	CacheWrite1hTokens *int64 `json:"cacheWrite1hTokens"`
	OutputTokens       *int64 `json:"outputTokens"`
	ReasoningTokens    *int64 `json:"reasoningTokens"`
	// CostPicoUSD is in 1e-12 USD: the sum of Bill, which is that of the attempt that answered, and of OtherCostPicoUSD, what
	// the others used as far as that is known, at the prices of then. ReportedCostPicoUSD is what the provider of the answer
	// says of that.
	CostPicoUSD         *int64 `json:"costPicoUSD"`
	OtherCostPicoUSD    *int64 `json:"otherCostPicoUSD,omitempty"`
	ReportedCostPicoUSD *int64 `json:"reportedCostPicoUSD,omitempty"`
	// MarketCostPicoUSD is what the provider says that it would cost at the maker's list price.
	MarketCostPicoUSD *int64 `json:"marketCostPicoUSD,omitempty"`
	// CacheSavedPicoUSD is what the same prompt would have cost more without a cache, below 0 where writing one cost more
	// than reading it saved; nil where no cache was read or written, or a price is not known.
	CacheSavedPicoUSD *int64        `json:"cacheSavedPicoUSD,omitempty"`
	Bill              *catalog.Bill `json:"bill,omitempty"`
	// Estimated and Counted name the numbers that are estimated, and those that we counted ourselves; the other known ones
	// are the provider's.
	Estimated []string `json:"estimated,omitempty"`
	Counted   []string `json:"counted,omitempty"`
	// Reserved is what a budget had set aside for the request when it began; nil where none did.
	Reserved *gateway.Reserved `json:"reserved,omitempty"`
	// FirstTokenMs is nil where no content came, DurationMs while the request runs and where it was interrupted.
	FirstTokenMs *int64          `json:"timeToFirstTokenMs"`
	DurationMs   *int64          `json:"durationMs"`
	Outcome      gateway.Outcome `json:"outcome"`
	Status       int             `json:"status"`
	ErrorKind    llm.ErrorKind   `json:"errorKind"`
	Error        string          `json:"error"`
	FinishReason llm.FinishKind  `json:"finishReason"`
	// Notices tell what of the request could not be carried as it was asked for.
	Notices []string `json:"notices,omitempty"`
	// Rollout is the progressive rollout that the request took part in, Arm the model that it was given, ArmServed whether
	// that model answered.
	Rollout   string            `json:"rollout,omitempty"`
	Arm       string            `json:"arm,omitempty"`
	ArmServed bool              `json:"armServed,omitempty"`
	Attempts  []gateway.Attempt `json:"attempts"`
	// TraceParent and TraceState are the client's place in a trace (W3C Trace Context). They are not kept.
	TraceParent string `json:"-"`
	TraceState  string `json:"-"`
}

// CacheWriteTokens is what went into a cache, for 5 minutes or an hour; nil where neither is known.
func (r *Record) CacheWriteTokens() *int64 {
	switch {
	case r.CacheWrite5mTokens == nil:
		return r.CacheWrite1hTokens
	case r.CacheWrite1hTokens == nil:
		return r.CacheWrite5mTokens
	}
	sum := *r.CacheWrite5mTokens + *r.CacheWrite1hTokens
	return &sum
}

// PromptTokens are all that went in, what a cache knew and what one took included; nil where that is unknown.
func (r *Record) PromptTokens() *int64 {
	if r.InputTokens == nil {
		return nil
	}
	sum := *r.InputTokens
	for _, n := range []*int64{r.CacheReadTokens, r.CacheWriteTokens()} {
		if n != nil {
			sum += *n
		}
	}
	return &sum
}

// opened is the record of a request that starts.
func opened(o gateway.Opening) *Record {
	return &Record{
		ID:             o.ID,
		StartedAt:      o.StartedAt.Round(0),
		KeyID:          shorten(o.KeyID, maxName),
		Key:            shorten(o.Key, maxName),
		Project:        shorten(o.Project, maxName),
		Client:         shorten(o.Client, maxName),
		Dialect:        string(o.Dialect),
		Surface:        string(o.Surface),
		RequestedModel: shorten(o.RequestedModel, maxName),
		Stream:         o.Stream,
		Outcome:        gateway.Open,
		TraceParent:    o.TraceParent,
		TraceState:     o.TraceState,
	}
}

// settled is the record of the request when it has ended.
func (r *Record) settled(s gateway.Settlement, pricer Pricer) *Record {
	next := *r
	next.Outcome = s.Outcome
	next.Provider, next.Model = shorten(s.Provider, maxName), shorten(s.Model, maxName)
	next.UpstreamID = shorten(s.UpstreamID, maxName)
	next.Status, next.ErrorKind, next.Error = s.Status, s.Kind, shorten(s.Error, maxError)
	next.FinishReason = s.Finish.Kind
	next.User = shorten(s.User, maxName)
	next.Tags = nil
	for _, tag := range s.Tags[:min(len(s.Tags), maxTags)] {
		next.Tags = append(next.Tags, shorten(tag, maxName))
	}
	next.Rollout, next.Arm, next.ArmServed = shorten(s.Rollout, maxName), shorten(s.Arm, maxName), s.ArmServed
	next.Conversation = shortID(s.Conversation)
	next.Prefix = broken(s, pricer)
	next.Notices = nil
	for _, notice := range s.Notices[:min(len(s.Notices), maxNotices)] {
		next.Notices = append(next.Notices, shorten(notice.Field+": "+notice.Message, maxTry))
	}
	var n numbers
	next.Estimated, next.Counted = nil, nil
	count := func(to **int64, c llm.Count, name string) {
		n.count(to, c)
		next.ours(name, c.Provenance())
	}
	count(&next.InputTokens, s.Usage.Input, "inputTokens")
	count(&next.CacheReadTokens, s.Usage.CacheRead, "cacheReadTokens")
	count(&next.CacheWrite5mTokens, s.Usage.CacheWrite5m, "cacheWrite5mTokens")
	count(&next.CacheWrite1hTokens, s.Usage.CacheWrite1h, "cacheWrite1hTokens")
	count(&next.OutputTokens, s.Usage.Output, "outputTokens")
	count(&next.ReasoningTokens, s.Usage.Reasoning, "reasoningTokens")
	beside := gateway.SpentBeside(s.Attempts, s.Answered-1)
	n.put(&next.OtherCostPicoUSD, beside.PicoUSD, beside.Known && beside.PicoUSD != 0)
	from := s.Usage.Provenance()
	if beside.Estimated {
		from = llm.Estimated
	}
	if s.Answered == 0 && next.OtherCostPicoUSD != nil {
		n.put(&next.CostPicoUSD, beside.PicoUSD, true)
		next.ours("costPicoUSD", from)
	}
	if pricer != nil && s.Usage.Known() {
		if next.Bill = pricer.Bill(s.Provider, s.Model, s.Usage); next.Bill != nil {
			n.put(&next.CostPicoUSD, int64(next.Bill.Total)+beside.PicoUSD, next.Bill.Known && beside.Known)
			if next.CostPicoUSD != nil {
				next.ours("costPicoUSD", from)
			}
			saved, known := cacheSaved(pricer, s, next.Bill)
			n.put(&next.CacheSavedPicoUSD, saved, known)
		}
	}
	if s.Free && next.CostPicoUSD == nil && s.Outcome != gateway.Failed {
		n.put(&next.CostPicoUSD, 0, true)
	}
	n.count(&next.ReportedCostPicoUSD, s.Usage.Reported)
	n.count(&next.MarketCostPicoUSD, s.Usage.Market)
	n.put(&next.FirstTokenMs, s.FirstToken.Milliseconds(), s.FirstToken > 0)
	n.put(&next.DurationMs, max(s.Duration, 0).Milliseconds(), true)
	// The first attempts and the last one tell the story of a very long list.
	attempts := s.Attempts
	if len(attempts) > maxAttempts {
		attempts = append(attempts[:maxAttempts-1:maxAttempts-1], attempts[len(attempts)-1])
	}
	next.Attempts = make([]gateway.Attempt, len(attempts))
	for i, a := range attempts {
		a.Provider, a.Model = shorten(a.Provider, maxName), shorten(a.Model, maxName)
		a.Reason, a.Error = shorten(a.Reason, maxTry), shorten(a.Error, maxTry)
		next.Attempts[i] = a
	}
	return &next
}

// cacheSaved compares a bill with that of the same request had nothing been cached.
func cacheSaved(pricer Pricer, s gateway.Settlement, bill *catalog.Bill) (saved int64, known bool) {
	u := s.Usage
	cached := u.CacheRead.Or(0) + u.CacheWrite5m.Or(0) + u.CacheWrite1h.Or(0)
	if cached <= 0 || !bill.Known {
		return 0, false
	}
	u.Input = llm.Tokens(u.Input.Or(0) + cached)
	if sound, known := u.CacheReadAudio.Get(); known {
		u.InputAudio = llm.Tokens(u.InputAudio.Or(0) + sound)
	}
	u.CacheRead, u.CacheWrite5m, u.CacheWrite1h, u.CacheReadAudio = llm.Count{}, llm.Count{}, llm.Count{}, llm.Count{}
	without := pricer.Bill(s.Provider, s.Model, u)
	if without == nil || !without.Known {
		return 0, false
	}
	return int64(without.Total - bill.Total), true
}

// shortID is the beginning of a hash, long enough to tell one from all others.
func shortID(hash string) string { return strings.Clone(hash[:min(len(hash), 16)]) }

// ours notes of a number that it is not the provider's.
func (r *Record) ours(name string, from llm.Provenance) {
	switch from {
	case llm.Estimated:
		r.Estimated = append(r.Estimated, name)
	case llm.Counted:
		r.Counted = append(r.Counted, name)
	}
}

// Provenance tells where a number is from, by its name in the record's JSON; known tells whether there is one.
func (r *Record) Provenance(name string, known bool) llm.Provenance {
	switch {
	case !known:
		return llm.Unknown
	case slices.Contains(r.Estimated, name):
		return llm.Estimated
	case slices.Contains(r.Counted, name):
		return llm.Counted
	}
	return llm.Reported
}

// interrupted is the record of a request that was running when the program ended.
func (r *Record) interrupted() *Record {
	next := *r
	next.Outcome = gateway.Interrupted
	next.Error = "Gatehouse ended while the request was running"
	return &next
}

// rank orders what is known about one request: a later stage replaces an earlier one.
func (r *Record) rank() int {
	switch r.Outcome {
	case gateway.Open:
		return 0
	case gateway.Interrupted:
		return 1
	}
	return 2
}

// numbers holds a record's known numbers in one piece of memory.
type numbers struct{ all []int64 }

// put points to to a number, if it is known.
func (n *numbers) put(to **int64, number int64, known bool) {
	if !known {
		return
	}
	if n.all == nil {
		n.all = make([]int64, 0, 13) // as many as a Record has, so that it never moves
	}
	n.all = append(n.all, number)
	*to = &n.all[len(n.all)-1]
}

func (n *numbers) count(to **int64, c llm.Count) {
	tokens, known := c.Get()
	n.put(to, tokens, known)
}

// shorten cuts a text to a number of bytes, between characters, and copies what it keeps of a longer one, so that a
// record does not hold on to a request's body.
func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	const dots = "…"
	s = s[:limit-len(dots)]
	for i := 0; i < utf8.UTFMax && len(s) > 0; i++ {
		if r, size := utf8.DecodeLastRuneInString(s); r != utf8.RuneError || size != 1 {
			break
		}
		s = s[:len(s)-1]
	}
	return strings.Clone(s) + dots
}
