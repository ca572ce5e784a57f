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
	// Contents are the projects whose prompts and answers are kept.
	Contents []ContentsRule `json:"contents"`
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
	// TakesImages and TakesPDFs tell that it is known to take them.
	TakesImages bool `json:"takesImages"`
	TakesPDFs   bool `json:"takesPDFs"`
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
	// Balance is what is left of its account, null for providers that don't tell and where there is no credential.
	Balance *CredentialBalance `json:"balance"`
}

// CredentialBalance is what the provider said was left, if it was asked and did.
type CredentialBalance struct {
	// Text is for people, such as $12.34, and Amounts the same for programs: decimal numbers, one for each currency. Both are
	// empty while it is not known; At is when it was told.
	Text    string          `json:"text"`
	Amounts []BalanceAmount `json:"amounts"`
	At      *time.Time      `json:"at"`
	// OfKey tells that it is what this credential may still spend, and not what the account has.
	OfKey bool `json:"ofKey"`
	// AskedAt is when the provider was asked last, null if it was not yet, and Problem why it did not tell then.
	AskedAt *time.Time `json:"askedAt"`
	Problem string     `json:"problem"`
}

// BalanceAmount is a decimal number of a currency (ISO 4217).
type BalanceAmount struct {
	Currency string `json:"currency"`
	Amount   string `json:"amount"`
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
	// Collector is the secret that traces and metrics are sent with. It is set, tested and removed as the others are.
	Collector Credential `json:"collector"`
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

// Link is a one-time link to the pages.
type Link struct {
	URL string `json:"url"`
}

// PageFault tells of a page that could not be drawn: the error's class and where in the program it was. Its message is left out
// where it might have something in it that the page was to show.
type PageFault struct {
	Page    string `json:"page"`
	Kind    string `json:"kind"`
	Message string `json:"message"`
	Place   string `json:"place"`
}

// Failure is how a call fails: the class of the error and a message that says what to do next.
type Failure struct {
	Kind    string `json:"kind"`
	Message string `json:"message"`
}
