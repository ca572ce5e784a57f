package control

import "time"

// UsageRecord is one request in the history. Unknown numbers are null.
type UsageRecord struct {
	ID             string    `json:"id"`
	StartedAt      time.Time `json:"startedAt"`
	Key            string    `json:"key"`
	Project        string    `json:"project"`
	Client         string    `json:"client"`
	Dialect        string    `json:"dialect"`
	Surface        string    `json:"surface"` // what a request that was passed on whole asked for, else empty
	Stream         bool      `json:"stream"`
	RequestedModel string    `json:"requestedModel"`
	Model          string    `json:"model"`
	Provider       string    `json:"provider"`
	InputTokens    *int64    `json:"inputTokens"`
	CacheRead      *int64    `json:"cacheReadTokens"`
	CacheWrite     *int64    `json:"cacheWriteTokens"`
	OutputTokens   *int64    `json:"outputTokens"`
	Reasoning      *int64    `json:"reasoningTokens"`
	CostPicoUSD    *int64    `json:"costPicoUSD"`
	ReportedCost   *int64    `json:"reportedCostPicoUSD"`   // what the provider says, in 1e-12 USD
	MarketCost     *int64    `json:"marketCostPicoUSD"`     // what the provider says that it is at the maker's list price
	OtherCost      *int64    `json:"otherCostPicoUSD"`      // the part of the cost that is of attempts which did not answer; null for none
	CostDifference *int64    `json:"costDifferencePicoUSD"` // what the provider says less what we say; null unless both say
	// Provenance tells where each number is from.
	Provenance      UsageProvenance `json:"provenance"`
	CacheSaved      *int64          `json:"cacheSavedPicoUSD"` // what caching saved, below 0 where it cost more; null without a cache
	Bill            *UsageBill      `json:"bill"`              // the arithmetic of the cost; null where no price was known
	FirstTokenMs    *int64          `json:"timeToFirstTokenMs"`
	DurationMs      *int64          `json:"durationMs"`
	Outcome         string          `json:"outcome" enum:"ok,error,cancelled,interrupted,open"`
	Status          int             `json:"status"`
	ErrorKind       string          `json:"errorKind"`
	Error           string          `json:"error"`
	FinishReason    string          `json:"finishReason"`
	TokensPerSecond *float64        `json:"tokensPerSecond"` // of a stream after its first token
	Retries         int             `json:"retries"`         // attempts but for the first
	CredentialType  string          `json:"credentialType"`  // whose credential the last attempt used: own, gateway, request, none
	Notices         []string        `json:"notices"`         // what could not be carried as it was asked for
	User            string          `json:"user"`            // for reports, as the request says
	Tags            []string        `json:"tags"`            // for reports, as the request says
	Conversation    string          `json:"conversation"`    // the same for all requests of one conversation; empty is unknown
	Prefix          *UsagePrefix    `json:"prefix"`          // how it broke the conversation's prefix; null where it did not
	Rollout         string          `json:"rollout"`         // the rollout that it took part in, else empty
	Arm             string          `json:"arm"`             // the model that the rollout gave it to, which may not be who answered
	Attempts        []UsageAttempt  `json:"attempts"`
}

// UsageProvenance is where the numbers of a record are from: the provider, counted by us, estimated by us, or unknown. The
// cost is ours at all times: it is as certain as what it is made of.
type UsageProvenance struct {
	Input      string `json:"inputTokens" enum:"reported,counted,estimated,unknown"`
	CacheRead  string `json:"cacheReadTokens" enum:"reported,counted,estimated,unknown"`
	CacheWrite string `json:"cacheWriteTokens" enum:"reported,counted,estimated,unknown"`
	Output     string `json:"outputTokens" enum:"reported,counted,estimated,unknown"`
	Reasoning  string `json:"reasoningTokens" enum:"reported,counted,estimated,unknown"`
	Cost       string `json:"costPicoUSD" enum:"counted,estimated,unknown"`
}

// UsageBill is the arithmetic of a cost, at the prices of then. Empty and 0 are none.
type UsageBill struct {
	Lines []UsageBillLine `json:"lines"`
	// Over is the length of a prompt, in tokens, from which on the prices applied.
	Over    int64  `json:"over"`
	Service string `json:"service"`
	Region  string `json:"region"`
	Hours   string `json:"hours"` // of the day, UTC
	// Multipliers change the price of tokens, Discount that of everything, in millionths.
	Multipliers []int64 `json:"multipliers"`
	Discount    int64   `json:"discount"`
	// Source is where the price is from, Version tells prices of one model apart.
	Source  string `json:"source"`
	Version string `json:"version"`
}

// UsageBillLine is units times price; price and amount are null where they are unknown, else in 1e-12 USD.
type UsageBillLine struct {
	Kind   string `json:"kind"`
	Units  int64  `json:"units"`
	Price  *int64 `json:"price"`
	Amount *int64 `json:"amount"`
}

// UsageAttempt is one try at one provider. Unknown numbers are null.
type UsageAttempt struct {
	Provider       string    `json:"provider"`
	Model          string    `json:"model"`
	Credential     string    `json:"credential"`     // its name, empty for a provider's only one
	CredentialType string    `json:"credentialType"` // own, gateway, request (the request brought it) or none; empty where it is not known
	Reason         string    `json:"reason"`
	At             time.Time `json:"at"`
	DurationMs     int64     `json:"durationMs"`
	Outcome        string    `json:"outcome"` // as of the request; empty where it is not known
	Status         int       `json:"status"`
	ErrorKind      string    `json:"errorKind"`
	Error          string    `json:"error"`
	InputTokens    *int64    `json:"inputTokens"`
	CacheRead      *int64    `json:"cacheReadTokens"`
	CacheWrite     *int64    `json:"cacheWriteTokens"`
	OutputTokens   *int64    `json:"outputTokens"`
	CostPicoUSD    *int64    `json:"costPicoUSD"` // part of the request's, whether or not it gave the answer
}

// UsageQuery asks for records, newest first. Before is the id of the last record of the page before.
type UsageQuery struct {
	Limit   int    `json:"limit"`
	Before  string `json:"before"`
	Project string `json:"project"`
	Model   string `json:"model"`
}

// UsagePage is records, newest first. Next asks for the following page; empty at the end.
type UsagePage struct {
	Records []UsageRecord `json:"records"`
	Next    string        `json:"next"`
}

// UsageBy asks for totals. Since and Until bound the start times; empty means unbounded.
type UsageBy struct {
	By     string       `json:"by" enum:"model,provider,project,key,client,user,tag,credential,outcome,error,day"`
	Since  *time.Time   `json:"since"`
	Until  *time.Time   `json:"until"`
	Filter *UsageFilter `json:"filter,omitempty"`
}

// UsageTotals is one row of totals. A sum leaves out the records in which the number is unknown; the Unknown counts say
// how many those are.
type UsageTotals struct {
	Name          string `json:"name"`
	Requests      int64  `json:"requests"`
	Errors        int64  `json:"errors"`
	InputTokens   int64  `json:"inputTokens"`
	CacheRead     int64  `json:"cacheReadTokens"`
	CacheWrite    int64  `json:"cacheWriteTokens"`
	OutputTokens  int64  `json:"outputTokens"`
	Reasoning     int64  `json:"reasoningTokens"`
	CostPicoUSD   int64  `json:"costPicoUSD"`
	UnknownTokens int64  `json:"unknownTokens"`
	UnknownCost   int64  `json:"unknownCost"`
	// CacheSaved is what caching saved, in 1e-12 USD, below 0 where it cost more than it saved; null where nothing is known.
	CacheSaved      *int64         `json:"cacheSavedPicoUSD"`
	FirstTokenMs    UsageQuantiles `json:"timeToFirstTokenMs"`
	DurationMs      UsageQuantiles `json:"durationMs"`
	TokensPerSecond UsageQuantiles `json:"tokensPerSecond"`
}

// UsageRows is the totals, largest first (days: newest first).
type UsageRows struct {
	Rows []UsageTotals `json:"rows"`
}

// UsageFilter says which requests are counted or listed: those that have one of the names of each list that is not empty.
// Models are those that served, or the requested ones where none did; credentials are types: own, gateway, request, none.
type UsageFilter struct {
	Models      []string `json:"models"`
	Providers   []string `json:"providers"`
	Projects    []string `json:"projects"`
	Keys        []string `json:"keys"`
	Clients     []string `json:"clients"`
	Users       []string `json:"users"`
	Tags        []string `json:"tags"`
	AllTags     bool     `json:"allTags"` // all of the tags must be there, not one of them
	Credentials []string `json:"credentials"`
	Outcomes    []string `json:"outcomes"`
	ErrorKinds  []string `json:"errorKinds"`
}

// UsageReportQuery asks for a report of the requests that started at From or later and before To; empty is unbounded.
type UsageReportQuery struct {
	From *time.Time `json:"from"`
	To   *time.Time `json:"to"`
	// GroupBy is what the groups are made of; empty for none. Limit is how many are told of by themselves, 50 where it is 0.
	GroupBy string `json:"groupBy" enum:",model,provider,project,key,client,user,tag,credential,outcome,error"`
	Limit   int    `json:"limit"`
	// Bucket is the width of the parts of time; empty for none. Zone is the IANA name of the time zone whose days they are;
	// empty for the machine's.
	Bucket string      `json:"bucket" enum:",hour,day,month"`
	Zone   string      `json:"zone"`
	Filter UsageFilter `json:"filter"`
	// Compare asks for the totals of the time before, of the same length; From and To are needed for it.
	Compare bool `json:"compare"`
	// Drawn is how many groups a chart draws on their own: the buckets' Others are what the groups after them sum up to. 0 asks
	// for none.
	Drawn int `json:"drawn"`
}

// UsageQuantiles are three of a number; null where there are no numbers.
type UsageQuantiles struct {
	P50 *float64 `json:"p50"`
	P75 *float64 `json:"p75"`
	P95 *float64 `json:"p95"`
}

// UsageFigures are what a report tells of some requests. A sum leaves out the requests in which the number is unknown, and is
// null where it is unknown in all of them. Costs are in 1e-12 USD.
type UsageFigures struct {
	Requests int64 `json:"requests"`
	Errors   int64 `json:"errors"`
	Attempts int64 `json:"attempts"`
	// Tokens are disjoint, but for reasoning, which is part of the output.
	InputTokens  *int64 `json:"inputTokens"`
	CacheRead    *int64 `json:"cacheReadTokens"`
	CacheWrite   *int64 `json:"cacheWriteTokens"`
	CacheWrite5m *int64 `json:"cacheWrite5mTokens"` // kept for 5 minutes
	CacheWrite1h *int64 `json:"cacheWrite1hTokens"` // kept for an hour
	OutputTokens *int64 `json:"outputTokens"`
	Reasoning    *int64 `json:"reasoningTokens"`
	CostPicoUSD  *int64 `json:"costPicoUSD"`
	ReportedCost *int64 `json:"reportedCostPicoUSD"` // what providers say, of those that do
	MarketCost   *int64 `json:"marketCostPicoUSD"`   // at the makers' list prices, of those for which providers say so
	CacheSaved   *int64 `json:"cacheSavedPicoUSD"`   // below 0 where caching cost more than it saved
	// CacheHitShare is the share of the prompts' tokens that was read from caches, from 0 to 1; null where it is unknown.
	CacheHitShare *float64 `json:"cacheHitShare"`
	// OutputPerRequest is the mean of the requests with known output tokens.
	OutputPerRequest *float64 `json:"outputPerRequest"`
	// UnknownTokens counts the requests without input or output tokens, UnknownCost those that cost something nobody knows.
	UnknownTokens int64 `json:"unknownTokens"`
	UnknownCost   int64 `json:"unknownCost"`
	// Estimated counts the requests with a number that is estimated.
	Estimated int64 `json:"estimated"`
	// ErrorShare is the share of the requests that failed, from 0 to 1; null without requests.
	ErrorShare      *float64       `json:"errorShare"`
	FirstTokenMs    UsageQuantiles `json:"timeToFirstTokenMs"`
	DurationMs      UsageQuantiles `json:"durationMs"`
	TokensPerSecond UsageQuantiles `json:"tokensPerSecond"` // of streams, after their first token
}

// UsageReport is the answer. From and To are null where the query leaves them open and there are no requests.
type UsageReport struct {
	From     *time.Time    `json:"from"`
	To       *time.Time    `json:"to"`
	Totals   UsageFigures  `json:"totals"`
	Previous *UsageFigures `json:"previous"`
	// Change is from the time before to the totals; null without a comparison.
	Change  *UsageTrend   `json:"change"`
	Buckets []UsageBucket `json:"buckets"`
	// Groups are the dearest first. Rest sums up those over the limit, OtherGroups counts them. With tags, a request is in the
	// group of each of its tags.
	Groups      []UsageGroup `json:"groups"`
	Rest        *UsageGroup  `json:"rest"`
	OtherGroups int          `json:"otherGroups"`
}

// UsageBucket is a part of a report's time. Model and Provider are those of most of its requests, Changed tells that they are
// others than in the last bucket with requests.
type UsageBucket struct {
	Start    time.Time    `json:"start"`
	End      time.Time    `json:"end"`
	Figures  UsageFigures `json:"figures"`
	Model    string       `json:"model"`
	Provider string       `json:"provider"`
	Changed  bool         `json:"changed"`
	// Others sums up the groups that are not drawn on their own; null where the query says nothing of drawing.
	Others *UsageCell `json:"others"`
}

// UsageGroup is one group of a report, with a cell for each bucket. Previous has no quantiles.
type UsageGroup struct {
	Name     string        `json:"name"`
	Figures  UsageFigures  `json:"figures"`
	Previous *UsageFigures `json:"previous"`
	Change   *UsageTrend   `json:"change"`
	Cells    []UsageCell   `json:"cells"`
}

// UsageTrend is how much more there is than in the time before, in percent; null where it can't be said, as of nothing.
type UsageTrend struct {
	Requests     *int64 `json:"requests"`
	Errors       *int64 `json:"errors"`
	InputTokens  *int64 `json:"inputTokens"`
	CacheRead    *int64 `json:"cacheReadTokens"`
	CacheWrite   *int64 `json:"cacheWriteTokens"`
	OutputTokens *int64 `json:"outputTokens"`
	CostPicoUSD  *int64 `json:"costPicoUSD"`
	CacheSaved   *int64 `json:"cacheSavedPicoUSD"`
}

// UsageCell is a group's share of a bucket: known numbers only.
type UsageCell struct {
	Requests    int64 `json:"requests"`
	Errors      int64 `json:"errors"`
	Tokens      int64 `json:"tokens"`
	CostPicoUSD int64 `json:"costPicoUSD"`
}

// UsageSearch asks for a page of records, newest first. Before is the id of the last record of the page before; From and To
// bound the start times. Text is looked for in ids, models, clients, tags and errors, whatever the case.
type UsageSearch struct {
	Limit  int         `json:"limit"`
	Before string      `json:"before"`
	From   *time.Time  `json:"from"`
	To     *time.Time  `json:"to"`
	Filter UsageFilter `json:"filter"`
	// Model is the requested or the served one.
	Model string `json:"model"`
	Text  string `json:"text"`
	// Broken asks only for those whose prompt broke a prefix.
	Broken bool `json:"broken,omitempty"`
}

// UsageFound is a page of records. Next asks for the following page, empty at the end; Partial tells that the search took its
// time and stopped there, so that the page may be short, or empty, without being the last.
type UsageFound struct {
	Records []UsageRecord `json:"records"`
	Next    string        `json:"next"`
	Partial bool          `json:"partial"`
}

// UsageExport asks for a table of the requests that started at From or later and before To, newest first, or of totals where
// By is given. Model and Text are as in UsageSearch, and for requests only. Path is the file to write, absolute; it must not
// be there yet.
type UsageExport struct {
	Format string       `json:"format" enum:"csv,json,parquet"`
	By     string       `json:"by" enum:",model,provider,project,key,client,user,tag,credential,outcome,error,day"`
	From   *time.Time   `json:"from"`
	To     *time.Time   `json:"to"`
	Filter *UsageFilter `json:"filter,omitempty"`
	Model  string       `json:"model"`
	Text   string       `json:"text"`
	Path   string       `json:"path"`
}

// UsageExported is a table that was written.
type UsageExported struct {
	Path  string `json:"path"`
	Rows  int64  `json:"rows"`
	Bytes int64  `json:"bytes"`
}

// UsageDeletion says which requests to delete from the history: those that started at From or later and before To, of a
// project where one is named ("" are those without one). At least one of all must be given; requests that run stay.
type UsageDeletion struct {
	Project *string    `json:"project"`
	From    *time.Time `json:"from"`
	To      *time.Time `json:"to"`
}

// UsageChange tells how many requests were deleted, or put back.
type UsageChange struct {
	Requests int64 `json:"requests"`
}

// BackupFile names a file by its absolute path.
type BackupFile struct {
	Path string `json:"path"`
}

// BackupDone is a backup that was made: the whole database, with the usage history, conversations and API keys' hashes.
type BackupDone struct {
	Path  string `json:"path"`
	Bytes int64  `json:"bytes"`
}

// UsageRef names a request by its id.
type UsageRef struct {
	ID string `json:"id"`
}
