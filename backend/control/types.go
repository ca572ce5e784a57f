package control

import "time"

// The view types below are what every face shows. Times are RFC 3339; an optional value that is unknown is null.
// The TypeScript side is generated from them (see typescript.go).

// Empty is the parameter or result of a call that has none.
type Empty struct{}

// Status is everything the frame of a face shows. It is sent whole, on every change, as the event "status".
type Status struct {
	Version     string         `json:"version"`
	Build       string         `json:"build" enum:"desktop,headless"`
	StartedAt   time.Time      `json:"startedAt"`
	Home        string         `json:"home"`
	Endpoint    EndpointStatus `json:"endpoint"`
	ActiveModel string         `json:"activeModel"`
	Keychain    KeychainStatus `json:"keychain"`
	Settings    SettingsStatus `json:"settings"`
	History     HistoryStatus  `json:"history"`
	// Warnings say what will soon stop to work, or has, and what to do: tokens that end.
	Warnings []string `json:"warnings"`
	// Budgets is how the budgets stand.
	Budgets BudgetStatus `json:"budgets"`
	// Tray tells whether a tray shows our icon; a window without one asks before it closes.
	Tray bool `json:"tray"`
	// Autostart tells whether it starts at login, hidden in the tray; null where it can't.
	Autostart *bool `json:"autostart"`
	// Notifications tells whether the desktop shows what needs its user.
	Notifications bool `json:"notifications"`
}

// EndpointStatus is the state of the loopback endpoint.
type EndpointStatus struct {
	// URL is the gateway's root, for example http://127.0.0.1:4283; OpenAI clients add /v1.
	URL       string   `json:"url"`
	Addresses []string `json:"addresses"`
	State     string   `json:"state" enum:"on,paused,failed"`
	// Problem says why it failed and what to do; empty otherwise.
	Problem string `json:"problem"`
}

// KeychainStatus is the state of the OS keychain.
type KeychainStatus struct {
	State string `json:"state" enum:"checking,ok,absent,locked"`
	// Reason names the cause and Advice what works instead; both are empty when State is ok.
	Reason string `json:"reason"`
	Advice string `json:"advice"`
}

// SettingsStatus is the state of the settings file.
type SettingsStatus struct {
	Path    string   `json:"path"`
	Problem *Problem `json:"problem"`
}

// Problem is what is wrong with a file. Line and Column count from 1; 0 is unknown.
type Problem struct {
	Message string `json:"message"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
}

// HistoryStatus is the state of the database.
type HistoryStatus struct {
	Path string `json:"path"`
	// SetAside is where a corrupt database was moved at this start; empty if none was.
	SetAside string `json:"setAside"`
	// Problem says why records can't be written at the moment; empty if they can.
	Problem string `json:"problem"`
	// Dropped counts records lost since the start because they could not be written.
	Dropped int64 `json:"dropped"`
}

// Model is one model that can be asked for.
type Model struct {
	ID           string `json:"id"`
	Name         string `json:"name"`
	Provider     string `json:"provider"`
	ProviderName string `json:"providerName"`
	Description  string `json:"description"`
	// Local tells that it runs on this machine, Free that it costs nothing.
	Local bool `json:"local"`
	Free  bool `json:"free"`
	// ContextWindow and MaxOutput are in tokens, null where unknown.
	ContextWindow *int64 `json:"contextWindow"`
	MaxOutput     *int64 `json:"maxOutput"`
	// InputPrice and OutputPrice are decimal USD per million tokens, null where unknown.
	InputPrice  *string `json:"inputPrice"`
	OutputPrice *string `json:"outputPrice"`
	// Favourite models are offered first.
	Favourite bool `json:"favourite"`
}

// ModelList is the models that can be asked for now, with what went wrong while asking their providers.
type ModelList struct {
	Models   []Model       `json:"models"`
	Problems []ListProblem `json:"problems"`
	// Refreshing tells that providers are being asked at the moment.
	Refreshing bool `json:"refreshing"`
}

// ListProblem is a provider whose list could not be had.
type ListProblem struct {
	Provider string `json:"provider"`
	Message  string `json:"message"`
}

// ModelChoice names a model.
type ModelChoice struct {
	Model string `json:"model"`
}

// Credential is one of a provider's credentials, never the secret itself.
type Credential struct {
	Provider     string `json:"provider"`
	ProviderName string `json:"providerName"`
	// Name tells it from the provider's others; empty for the one without a name, which every provider has a row for.
	Name string `json:"name"`
	// Source is where the credential in use comes from; "not needed" is a provider that takes none.
	Source string `json:"source" enum:"keychain,environment,file,none,not needed"`
	// Variable is the environment variable it came from, or would be read from, and File the .env file that it is in.
	Variable string `json:"variable"`
	File     string `json:"file"`
	// ExpiresAt is when a token ends, or ended; null for what does not end by itself.
	ExpiresAt *time.Time `json:"expiresAt"`
	BaseURL   string     `json:"baseUrl"`
	// KeysURL is where the provider hands out API keys; empty if unknown.
	KeysURL string `json:"keysUrl"`
	// Test is the last test since the start, null if there was none.
	Test *CredentialTest `json:"test"`
}

// CredentialTest is the result of asking the provider whether it accepts a credential.
type CredentialTest struct {
	OK         bool      `json:"ok"`
	At         time.Time `json:"at"`
	Status     int       `json:"status"`
	Message    string    `json:"message"`
	DurationMs int64     `json:"durationMs"`
}

// CredentialList is every provider with its credential's state.
type CredentialList struct {
	Credentials []Credential `json:"credentials"`
	// GatewayFallback tells whether the hosted gateway may answer where own credentials fail.
	GatewayFallback bool `json:"gatewayFallback"`
}

// CredentialSecret stores a secret for a provider, under a name of the user's or, with none or "default", as the one
// without a name. GatewayFallback also says, where it is not null, whether the hosted gateway may answer when own
// credentials fail: when this one does or, if this is the hosted gateway's, when any does.
type CredentialSecret struct {
	Provider        string `json:"provider"`
	Name            string `json:"name"`
	Secret          string `json:"secret"`
	GatewayFallback *bool  `json:"gatewayFallback"`
}

// CredentialRef names a credential, as CredentialSecret does.
type CredentialRef struct {
	Provider string `json:"provider"`
	Name     string `json:"name"`
}

// ProviderRef names a provider.
type ProviderRef struct {
	Provider string `json:"provider"`
}

// Key is a local API key, never the key itself.
type Key struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Project string `json:"project"`
	// Hint is the key's first characters, enough to recognise it by.
	Hint string `json:"hint"`
	// Models are the patterns it may use; empty means all.
	Models     []string   `json:"models"`
	CreatedAt  time.Time  `json:"createdAt"`
	ExpiresAt  *time.Time `json:"expiresAt"`
	LastUsedAt *time.Time `json:"lastUsedAt"`
	RevokedAt  *time.Time `json:"revokedAt"`
	// RequestsPerMinute, TokensPerMinute and Concurrency are its rate limits; 0 is none.
	RequestsPerMinute int64 `json:"requestsPerMinute"`
	TokensPerMinute   int64 `json:"tokensPerMinute"`
	Concurrency       int   `json:"concurrency"`
}

// KeyList is the local API keys, newest first.
type KeyList struct {
	Keys []Key `json:"keys"`
}

// NewKey asks for a local API key. Expires is a length of time such as 30d, 12h or 1y; empty means never. Budget is a limit
// such as 20/month, 2M tokens/day or 500 requests/week; empty is none. The numbers are its rate limits; 0 is none.
type NewKey struct {
	Name              string   `json:"name"`
	Project           string   `json:"project"`
	Models            []string `json:"models"`
	Expires           string   `json:"expires"`
	Budget            string   `json:"budget,omitempty"`
	RequestsPerMinute int64    `json:"requestsPerMinute,omitempty"`
	TokensPerMinute   int64    `json:"tokensPerMinute,omitempty"`
	Concurrency       int      `json:"concurrency,omitempty"`
}

// KeyLimit sets the rate limits of a key, given by its name; * is each key without its own. 0 is no limit.
type KeyLimit struct {
	Key               string `json:"key"`
	RequestsPerMinute int64  `json:"requestsPerMinute"`
	TokensPerMinute   int64  `json:"tokensPerMinute"`
	Concurrency       int    `json:"concurrency"`
}

// CreatedKey holds the key itself, this once.
type CreatedKey struct {
	Key    Key    `json:"key"`
	Secret string `json:"secret"`
}

// KeyRef names a local API key by id or by name.
type KeyRef struct {
	Key string `json:"key"`
}

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
	Estimated       int64          `json:"estimated"`
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
	Buckets  []UsageBucket `json:"buckets"`
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
}

// UsageGroup is one group of a report, with a cell for each bucket. Previous has no quantiles.
type UsageGroup struct {
	Name     string        `json:"name"`
	Figures  UsageFigures  `json:"figures"`
	Previous *UsageFigures `json:"previous"`
	Cells    []UsageCell   `json:"cells"`
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

// Conversation is a chat without its turns.
type Conversation struct {
	ID        string    `json:"id"`
	Title     string    `json:"title"`
	Model     string    `json:"model"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
	Turns     int       `json:"turns"`
	Pinned    bool      `json:"pinned"`
	// System goes before all turns, empty for none; Temperature is null for the model's own.
	System      string   `json:"system"`
	Temperature *float64 `json:"temperature"`
	// Snippet is the text around what a search found; empty without a search.
	Snippet string `json:"snippet"`
}

// ChatQuery searches titles and texts; an empty query lists all.
type ChatQuery struct {
	Query string `json:"query"`
}

// ConversationList is conversations, the one used last first.
type ConversationList struct {
	Conversations []Conversation `json:"conversations"`
}

// ConversationRef names a conversation.
type ConversationRef struct {
	Conversation string `json:"conversation"`
}

// ConversationDetail is a conversation with its turns, oldest first.
type ConversationDetail struct {
	Conversation Conversation `json:"conversation"`
	Turns        []Turn       `json:"turns"`
}

// Turn is one turn of a conversation.
type Turn struct {
	ID        string    `json:"id"`
	Role      string    `json:"role" enum:"user,assistant"`
	Text      string    `json:"text"`
	Reasoning string    `json:"reasoning"`
	At        time.Time `json:"at"`
	// The rest is the assistant's.
	State    string `json:"state" enum:"done,streaming,stopped,failed"`
	Error    string `json:"error"`
	Model    string `json:"model"`
	Provider string `json:"provider"`
	// Seq is the number of the last delta that Text and Reasoning hold.
	Seq          int64  `json:"seq"`
	InputTokens  *int64 `json:"inputTokens"`
	OutputTokens *int64 `json:"outputTokens"`
	CostPicoUSD  *int64 `json:"costPicoUSD"`
	FirstTokenMs *int64 `json:"timeToFirstTokenMs"`
	DurationMs   *int64 `json:"durationMs"`
}

// ChatSend sends a user's text; an empty Conversation starts a new one, an empty Model takes the conversation's last.
type ChatSend struct {
	Conversation string `json:"conversation"`
	Model        string `json:"model"`
	Text         string `json:"text"`
}

// ChatRetry asks again for the last answer, from Model or, if it is empty, from the same one.
type ChatRetry struct {
	Conversation string `json:"conversation"`
	Model        string `json:"model"`
}

// ChatEdit puts another text in the place of a user's turn and asks again; the turns after it are removed.
type ChatEdit struct {
	Conversation string `json:"conversation"`
	Turn         string `json:"turn"`
	Model        string `json:"model"`
	Text         string `json:"text"`
}

// TurnRef names a turn of a conversation.
type TurnRef struct {
	Conversation string `json:"conversation"`
	Turn         string `json:"turn"`
}

// ChatPin keeps a conversation before all that are not pinned, or no longer.
type ChatPin struct {
	Conversation string `json:"conversation"`
	Pinned       bool   `json:"pinned"`
}

// ChatConfigure sets a conversation's system prompt and temperature from 0 to 2; null is the model's own.
type ChatConfigure struct {
	Conversation string   `json:"conversation"`
	System       string   `json:"system"`
	Temperature  *float64 `json:"temperature"`
}

// ChatRename sets a conversation's title.
type ChatRename struct {
	Conversation string `json:"conversation"`
	Title        string `json:"title"`
}

// ChatDelta is the event "chat.delta": what was added to a turn. Deltas may be lost; the turn's last event, "chat.turn",
// carries it whole.
type ChatDelta struct {
	Conversation string `json:"conversation"`
	Turn         string `json:"turn"`
	Seq          int64  `json:"seq"`
	Text         string `json:"text"`
	Reasoning    string `json:"reasoning"`
}

// ChatTurn is the event "chat.turn": a turn began, changed or ended.
type ChatTurn struct {
	Conversation string `json:"conversation"`
	Turn         Turn   `json:"turn"`
}

// Link is a one-time link to the pages.
type Link struct {
	URL string `json:"url"`
}

// Failure is how a call fails: the class of the error and a message that says what to do next.
type Failure struct {
	Kind    string `json:"kind"`
	Message string `json:"message"`
}
