package control

import (
	"encoding/json"
	"time"
)

// CatalogEntry is one model at one provider.
type CatalogEntry struct {
	ID           string `json:"id"`
	Name         string `json:"name"`
	Provider     string `json:"provider"`
	ProviderName string `json:"providerName"`
	// Type is language, embedding, image or another of the hosted gateway's words; empty is unknown.
	Type string `json:"type"`
	// Usable tells that requests can be sent to it now: it is local, or there is a credential.
	Usable    bool `json:"usable"`
	Local     bool `json:"local"`
	Free      bool `json:"free"`
	Virtual   bool `json:"virtual"`
	Favourite bool `json:"favourite"`
	// Tags are what it can do, in the hosted gateway's words (vision, tool-use, reasoning, file-input).
	Tags []string `json:"tags"`
	// ContextWindow and MaxOutput are in tokens, null where unknown.
	ContextWindow *int64 `json:"contextWindow"`
	MaxOutput     *int64 `json:"maxOutput"`
	// InputPicoUSD and OutputPicoUSD are 1e-12 USD per token, null where unknown.
	InputPicoUSD  *int64     `json:"inputPicoUSD"`
	OutputPicoUSD *int64     `json:"outputPicoUSD"`
	Released      *time.Time `json:"released"`
	// Requests are yours in the last 30 days, FirstTokenP75Ms the 75th percentile of their times to the first token, in
	// milliseconds; null where none was measured.
	Requests        int64    `json:"requests"`
	FirstTokenP75Ms *float64 `json:"firstTokenP75Ms"`
}

// Catalog is every model that is known, with how old what is known of them is.
type Catalog struct {
	Models []CatalogEntry `json:"models"`
	Lists  []ListAge      `json:"lists"`
	// Shipped is what comes with the program, for models that no list tells of.
	Shipped    []ModelOrigin `json:"shipped"`
	Refreshing bool          `json:"refreshing"`
}

// ListAge is how a provider's list stands.
type ListAge struct {
	Provider     string `json:"provider"`
	ProviderName string `json:"providerName"`
	// At is when it was last told or confirmed; null if there is none.
	At     *time.Time `json:"at"`
	Models int        `json:"models"`
	// Public tells that it was asked for without a credential.
	Public bool `json:"public"`
	// Problem says why a newer one could not be had; empty where nothing went wrong. Next is when it is asked for again.
	Problem string     `json:"problem"`
	Next    *time.Time `json:"next"`
}

// ModelOrigin is who said something of a model, and when.
type ModelOrigin struct {
	Source string `json:"source" enum:"user,provider,gateway,snapshot"`
	// By names the source: a provider, or a package with its version.
	By string `json:"by"`
	// At is null where nobody knows.
	At *time.Time `json:"at"`
}

// ModelRef names a model at a provider. An empty Provider takes the first that has the id.
type ModelRef struct {
	ID       string `json:"id"`
	Provider string `json:"provider"`
}

// ModelFact is something that is known of a model, and the origin of it.
type ModelFact struct {
	Field  string      `json:"field"`
	Origin ModelOrigin `json:"origin"`
}

// ModelDetail is everything that is known of a model at a provider.
type ModelDetail struct {
	Entry            CatalogEntry `json:"entry"`
	Description      string       `json:"description"`
	Upstream         string       `json:"upstream"`
	InputModalities  []string     `json:"inputModalities"`
	OutputModalities []string     `json:"outputModalities"`
	Parameters       []string     `json:"parameters"`
	Regions          []string     `json:"regions"`
	Facts            []ModelFact  `json:"facts"`
	// Price is null where unknown.
	Price *ModelPrice `json:"price"`
	// Offers are all who serve the model, this entry among them: those that can be asked, those that lack a credential, and
	// those that only the hosted gateway reaches.
	Offers []ModelOffer `json:"offers"`
	// OffersProblem says why who serves it could not be asked for; empty where nothing went wrong.
	OffersProblem string `json:"offersProblem"`
	// History is yours with it, of the last 30 days.
	History ModelHistory `json:"history"`
	// Raw is the provider's own entry as it came, null where there is none.
	Raw json.RawMessage `json:"raw"`
}

// ModelPrice is a price with all its kinds.
type ModelPrice struct {
	Lines []ModelPriceLine `json:"lines"`
	// Services are the prices by service tier (flex, priority), Regions those by place, Hours those by the time of day.
	Services []ModelPriceVariant `json:"services"`
	Regions  []ModelPriceVariant `json:"regions"`
	Hours    []ModelPriceVariant `json:"hours"`
	// Discount multiplies everything, in millionths; 0 is none.
	Discount int64  `json:"discount"`
	Version  string `json:"version"`
}

// ModelPriceLine is the price of one kind of unit.
type ModelPriceLine struct {
	Kind string `json:"kind"`
	// PicoUSD is 1e-12 USD per unit: a token, or, where the kind is one of those, a request, a search, an image, a second of
	// video or audio, a character.
	PicoUSD int64 `json:"picoUSD"`
	// Steps are the prices for long prompts.
	Steps []ModelPriceStep `json:"steps"`
}

// ModelPriceStep is what a unit costs in requests whose prompt has From tokens or more; null where that is unknown.
type ModelPriceStep struct {
	From    int64  `json:"from"`
	PicoUSD *int64 `json:"picoUSD"`
}

// ModelPriceVariant is what a service tier, a region or a time of day costs: its own lines, or a multiplier of the usual ones.
type ModelPriceVariant struct {
	Name string `json:"name"`
	// Multiplier is in millionths; 0 is none.
	Multiplier int64            `json:"multiplier"`
	Lines      []ModelPriceLine `json:"lines"`
}

// ModelOffer is a provider that serves a model.
type ModelOffer struct {
	// ID is the model's id there; empty where only the hosted gateway reaches the provider.
	ID           string `json:"id"`
	Provider     string `json:"provider"`
	ProviderName string `json:"providerName"`
	Usable       bool   `json:"usable"`
	// Hosted tells that it is known from the hosted gateway, which asks it for you.
	Hosted         bool         `json:"hosted"`
	Free           bool         `json:"free"`
	ContextWindow  *int64       `json:"contextWindow"`
	MaxOutput      *int64       `json:"maxOutput"`
	InputPicoUSD   *int64       `json:"inputPicoUSD"`
	OutputPicoUSD  *int64       `json:"outputPicoUSD"`
	CacheReadPico  *int64       `json:"cacheReadPicoUSD"`
	CacheWritePico *int64       `json:"cacheWritePicoUSD"`
	PriceOrigin    *ModelOrigin `json:"priceOrigin"`
}

// ModelHistory is what requests to a model were like.
type ModelHistory struct {
	Since    time.Time `json:"since"`
	Requests int64     `json:"requests"`
	Errors   int64     `json:"errors"`
	// CostPicoUSD is null where no request's cost is known; UnknownCost counts those whose isn't.
	CostPicoUSD     *int64   `json:"costPicoUSD"`
	UnknownCost     int64    `json:"unknownCost"`
	InputTokens     *int64   `json:"inputTokens"`
	OutputTokens    *int64   `json:"outputTokens"`
	FirstTokenP50Ms *float64 `json:"firstTokenP50Ms"`
	FirstTokenP75Ms *float64 `json:"firstTokenP75Ms"`
	DurationP75Ms   *float64 `json:"durationP75Ms"`
	TokensPerSecond *float64 `json:"tokensPerSecondP50"`
}

// ModelFavourite makes a model a favourite, or no longer one.
type ModelFavourite struct {
	Model     string `json:"model"`
	Favourite bool   `json:"favourite"`
}

// Favourites are the models that are offered first, in the user's order.
type Favourites struct {
	Models []string `json:"models"`
}
