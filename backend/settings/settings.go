// Package settings is what the user wants: one versioned document, kept in one file that people edit by hand while
// Gatehouse runs.
//
// The file is JSON with comments and trailing commas. Its owner is the user: a change made here patches the members
// that changed and leaves every other byte alone, and a file with a mistake is never overwritten. Whoever reads
// settings takes one immutable Snapshot and keeps to it.
//
// It must not know providers or models by name, HTTP, the database, or what the settings are used for.
package settings

import "reflect"

// Version is the version of the document that this program reads and writes.
const Version = 1

// Settings is the whole document. A *Settings that Snapshot hands out is shared and must not be changed; Modify gives
// its function a copy of its own.
//
// The doc tags are the descriptions in the JSON schema.
type Settings struct {
	Schema         string                   `json:"$schema,omitempty" doc:"Where editors find the JSON schema of this file."`
	Version        int                      `json:"version" doc:"The version of this file's format."`
	ActiveModel    string                   `json:"activeModel" doc:"The model that gatehouse/active stands for, for example sim/echo."`
	Favourites     []string                 `json:"favourites,omitempty" doc:"Models that are offered first, by id."`
	Addr           string                   `json:"addr" doc:"Where the endpoint listens: a loopback address and a port, for example 127.0.0.1:4283."`
	MaxBodyBytes   int64                    `json:"maxBodyBytes" doc:"The largest request body that is taken, in bytes."`
	AllowedOrigins []string                 `json:"allowedOrigins" doc:"Web origins whose pages may call the endpoint, each exactly scheme://host[:port]. None by default."`
	Ollama         Ollama                   `json:"ollama" doc:"The routes of Ollama's own protocol, for programs that know only Ollama."`
	Metrics        Metrics                  `json:"metrics" doc:"What monitoring systems may read at /metrics, and where to send metrics. Nowhere by default."`
	Traces         Traces                   `json:"traces" doc:"Where to send traces of requests. Nowhere by default."`
	Collector      Collector                `json:"collector" doc:"How the collectors of traces and metrics are shown a secret."`
	Fetch          Fetch                    `json:"fetch" doc:"How images and files are fetched that a request names by URL, for models that take them only inline."`
	Notifications  bool                     `json:"notifications" doc:"Whether the desktop shows a notification when a budget reaches a step or a provider is down."`
	DiscoverLocal  bool                     `json:"discoverLocal" doc:"Whether to look for Ollama, LM Studio and llama.cpp on their default ports."`
	HostedList     bool                     `json:"hostedList" doc:"Whether to ask the hosted gateway for what it tells everybody: which models there are, who serves them and at what prices. It is asked without a credential where there is none."`
	CompareBills   bool                     `json:"compareBills" doc:"Whether to ask providers that tell of their answers (the hosted gateway and OpenRouter) what they counted and charged for some requests, so that the Usage page can show where they differ from what Gatehouse says."`
	Providers      map[string]Provider      `json:"providers" doc:"Changes to built-in providers, and providers of your own, by id."`
	Credentials    map[string]Credentials   `json:"credentials,omitempty" doc:"How providers' credentials are used, by the provider's id. The secrets themselves are in the keychain."`
	Catalog        map[string]ModelOverride `json:"catalog" doc:"Prices and limits of models that differ from the catalog, by model id."`

	VirtualModels   map[string]VirtualModel `json:"virtualModels,omitempty" doc:"Models of your own making, by name: each stands for other models, with options of its own."`
	Rules           []Rule                  `json:"rules,omitempty" doc:"What to rewrite or deny. The first rule that matches wins."`
	Rollouts        map[string]Rollout      `json:"rollouts,omitempty" doc:"Shares of a model's conversations that go to another model, by a name of yours."`
	ModelDefaults   []ModelDefault          `json:"modelDefaults,omitempty" doc:"Parameters by model, for requests that set none. The first match wins."`
	ChatDefaults    map[string]ChatDefault  `json:"chatDefaults,omitempty" doc:"What goes with messages of the chat window by the model's id, in conversations without settings of their own."`
	Budgets         map[string]Budget       `json:"budgets,omitempty" doc:"What may be spent, by a name of yours. All that a request is under must allow it."`
	RateLimits      map[string]RateLimit    `json:"rateLimits,omitempty" doc:"What an API key may do in a minute, by the key's name; * is each key that is not named."`
	History         History                 `json:"history" doc:"How much of the usage history is kept. Everything by default."`
	Projects        map[string]Project      `json:"projects,omitempty" doc:"What holds for a project alone, by its name; an empty name is the requests without one."`
	Timeouts        map[string]Timeouts     `json:"timeouts,omitempty" doc:"How long to wait for a provider, by its id; * is any provider."`
	GatewayFallback *bool                   `json:"gatewayFallback,omitempty" doc:"Whether the hosted gateway may answer where your own credentials fail. It may, unless this is false."`
}

// Ollama is how programs that know only Ollama reach the endpoint.
type Ollama struct {
	AllowWithoutKey bool   `json:"allowWithoutKey" doc:"Whether whoever is on this machine may use the routes of Ollama's protocol, and /v1/chat/completions, without an API key. Any program of any user can then spend from your credentials."`
	Addr            string `json:"addr,omitempty" doc:"Where the endpoint listens besides, for programs with a fixed address of Ollama: 127.0.0.1:11434. It takes effect at the next start; leave it out where Ollama itself runs."`
}

// Metrics is who may read the endpoint's metrics, and where to they are sent.
type Metrics struct {
	AllowWithoutKey bool   `json:"allowWithoutKey" doc:"Whether whoever is on this machine may read /metrics without an API key. Metrics hold no secrets and nothing of what was asked, but tell which models are used, how much, and what that costs."`
	Endpoint        string `json:"endpoint,omitempty" doc:"The base URL of an OpenTelemetry collector that metrics are sent to as OTLP over HTTP, for example http://127.0.0.1:4318. It takes effect at the next start."`
}

// Traces is where traces of requests are sent, and who is told of them.
type Traces struct {
	Endpoint  string `json:"endpoint,omitempty" doc:"The base URL of an OpenTelemetry collector that takes OTLP over HTTP, for example http://127.0.0.1:4318. It takes effect at the next start."`
	Propagate bool   `json:"propagate,omitempty" doc:"Whether providers are told their place in a trace, in the header traceparent. They can then tell which of your requests belong together."`
}

// Collector is how the OpenTelemetry collectors of traces and metrics are shown a secret, which is none of these settings.
type Collector struct {
	Header string `json:"header,omitempty" doc:"The header for the secret that gatehouse credential set opentelemetry stores, for example x-honeycomb-team. Left out, it is Authorization, with Bearer before the secret unless that names a scheme itself."`
}

// History is how much of the usage history is kept; 0 is everything.
type History struct {
	KeepDays     int   `json:"keepDays,omitempty" doc:"For how many days requests are kept. Budgets go on counting what is deleted."`
	MaxMegabytes int64 `json:"maxMegabytes,omitempty" doc:"How large the database may get, in megabytes: the oldest requests are deleted beyond that. The file stays as large as it was once; what is deleted makes room in it."`
}

// Project is what holds for one project alone.
type Project struct {
	KeepContents Duration `json:"keepContents,omitempty" doc:"For how long prompts and answers are kept in full, so that the window can show them: from 1m to 2160h (90 days), for example 24h. They are not kept unless this is set."`
}

// Fetch is how files are fetched that a request names by URL.
type Fetch struct {
	MaxBytes     int64 `json:"maxBytes" doc:"The largest file that is fetched, in bytes. All files of a request together may have 50 MiB."`
	AllowPrivate bool  `json:"allowPrivate" doc:"Whether files may come from this machine and from private networks."`
}

// Provider changes a built-in provider or describes one of the user's own.
type Provider struct {
	Type    string `json:"type,omitempty" doc:"openai-compatible for a provider of your own; leave it out for a built-in one." enum:"openai-compatible"`
	Name    string `json:"name,omitempty" doc:"The name that is shown."`
	BaseURL string `json:"baseURL,omitempty" doc:"Where its API is, as its own SDK takes it, for example https://api.example.com/v1."`
	Local   bool   `json:"local,omitempty" doc:"Whether it runs on this machine, and so costs nothing."`
}

// OpenAICompatible is the Type of a provider that speaks OpenAI's Chat Completions at its own base URL.
const OpenAICompatible = "openai-compatible"

// ModelOverride corrects what the catalog says of a model, in the shape of the hosted gateway's GET /v1/models. A nil
// number is not overridden.
type ModelOverride struct {
	Name          string   `json:"name,omitempty" doc:"The name that is shown."`
	Description   string   `json:"description,omitempty" doc:"What it is."`
	Type          string   `json:"type,omitempty" doc:"What kind of model it is: language, embedding, image or another word of the hosted gateway's."`
	ContextWindow *int64   `json:"context_window,omitempty" doc:"The context window, in tokens."`
	MaxTokens     *int64   `json:"max_tokens,omitempty" doc:"The longest answer, in tokens."`
	Tags          []string `json:"tags,omitempty" doc:"What it can do, in place of what is known: tool-use, reasoning, vision, file-input, image-generation and others."`
	Pricing       *Pricing `json:"pricing,omitempty" doc:"Prices as decimal strings: USD per token, per picture, per search and so on. What is left out stays as the lists have it."`
}

// Default is what is in force without a file.
func Default() *Settings {
	return &Settings{
		Version:       Version,
		ActiveModel:   "sim/echo",
		Addr:          "127.0.0.1:4283",
		MaxBodyBytes:  64 << 20,
		Fetch:         Fetch{MaxBytes: 20 << 20},
		Notifications: true,
		DiscoverLocal: true,
		HostedList:    true,
		CompareBills:  true,
	}
}

// Clone gives a copy that shares nothing with s.
func (s *Settings) Clone() *Settings {
	return cloned(reflect.ValueOf(s)).Interface().(*Settings)
}

// Filled gives a copy whose JSON has no null: a nil list or map means the same as an empty one, and null is nothing the
// file may hold.
func (s *Settings) Filled() *Settings {
	c := s.Clone()
	if c.AllowedOrigins == nil {
		c.AllowedOrigins = []string{}
	}
	if c.Providers == nil {
		c.Providers = map[string]Provider{}
	}
	if c.Catalog == nil {
		c.Catalog = map[string]ModelOverride{}
	}
	return c
}

// cloned copies what the settings are made of: plain values, lists, maps, pointers and structs of them.
func cloned(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		out := reflect.New(v.Type().Elem())
		out.Elem().Set(cloned(v.Elem()))
		return out
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		out := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			out.Index(i).Set(cloned(v.Index(i)))
		}
		return out
	case reflect.Map:
		if v.IsNil() {
			return v
		}
		out := reflect.MakeMapWithSize(v.Type(), v.Len())
		for _, key := range v.MapKeys() {
			out.SetMapIndex(key, cloned(v.MapIndex(key)))
		}
		return out
	case reflect.Struct:
		out := reflect.New(v.Type()).Elem()
		for i := range v.NumField() {
			out.Field(i).Set(cloned(v.Field(i)))
		}
		return out
	}
	return v
}
