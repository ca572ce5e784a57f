package routing

import (
	"strings"
	"testing"

	"gatehouse/backend/catalog"
	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
)

func world(credentials ...string) World {
	return World{
		Active:    "sim/echo",
		Providers: provider.NewTable(map[string]provider.Override{"lab": {BaseURL: "http://lab.test/v1"}}),
		Catalog: catalog.New([]catalog.Model{
			{ID: "openai/gpt", Provider: "openai"}, {ID: "a/same", Provider: "a"}, {ID: "b/same", Provider: "b"},
		}, nil),
		HasCredential: func(id string) bool {
			for _, c := range credentials {
				if c == id {
					return true
				}
			}
			return false
		},
	}
}

func TestPlan(t *testing.T) {
	const chat, messages = llm.ChatCompletions, llm.Messages
	for _, c := range []struct {
		name        string
		credentials []string
		model       string
		d           llm.Dialect
		provider    string
		full        string
		upstream    string
	}{
		{"active", nil, "gatehouse/active", chat, "sim", "sim/echo", "echo"},
		{"sim needs nothing", nil, "sim/stream", messages, "sim", "sim/stream", "stream"},
		{"own credential first", []string{"openai", "gateway"}, "openai/gpt", chat, "openai", "openai/gpt", "gpt"},
		{"bare name", []string{"openai"}, "gpt", chat, "openai", "openai/gpt", "gpt"},
		{"unlisted id is passed on", []string{"openai"}, "openai/new", chat, "openai", "openai/new", "new"},
		{"gateway where there is no own credential", []string{"gateway"}, "anthropic/c", messages, "gateway", "anthropic/c", "anthropic/c"},
		{"own credential also where the dialect differs", []string{"anthropic", "gateway"}, "anthropic/c", chat, "anthropic", "anthropic/c", "c"},
		{"gateway for creators without a provider", []string{"gateway"}, "zai/glm", chat, "gateway", "zai/glm", "zai/glm"},
		{"gateway by name", []string{"gateway", "openai"}, "gateway/openai/gpt", chat, "gateway", "openai/gpt", "openai/gpt"},
		{"nested ids", []string{"openrouter"}, "openrouter/meta/llama", chat, "openrouter", "openrouter/meta/llama", "meta/llama"},
		{"user's own provider", []string{"lab"}, "lab/x:y@z", chat, "lab", "lab/x:y@z", "x:y@z"},
		{"local", nil, "ollama/llama3:8b", chat, "ollama", "ollama/llama3:8b", "llama3:8b"},
	} {
		plan, err := Plan(world(c.credentials...), c.model, c.d)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		a := plan[0]
		if !a.Provider.Speaks(a.Dialect) || a.Provider.Speaks(c.d) && a.Dialect != c.d {
			t.Errorf("%s: %s is spoken to in %s", c.name, a.Provider.ID, a.Dialect)
		}
		if a.Provider.ID != c.provider || a.Model != c.full || a.Upstream != c.upstream || a.Reason == "" {
			t.Errorf("%s: %s %s %s (%s)", c.name, a.Provider.ID, a.Model, a.Upstream, a.Reason)
		}
	}
}

func TestPlanRefuses(t *testing.T) {
	noActive := world()
	noActive.Active = ""
	for _, c := range []struct {
		name  string
		w     World
		model string
		d     llm.Dialect
		kind  llm.ErrorKind
		code  string
		says  string
	}{
		{"no such name", world(), "gpt-9", llm.ChatCompletions, llm.ErrNotFound, "model_not_found", "creator/model"},
		{"two of that name", world(), "same", llm.ChatCompletions, llm.ErrNotFound, "model_not_found", "creator/model"},
		{"no such provider", world(), "zai/glm", llm.ChatCompletions, llm.ErrNotFound, "model_not_found", "zai"},
		{"nothing behind the creator", world(), "openai/", llm.ChatCompletions, llm.ErrNotFound, "model_not_found", "behind"},
		{"no credential", world(), "openai/gpt", llm.ChatCompletions, llm.ErrAuth, "credential_missing", "gatehouse credential set openai"},
		{"no active model", noActive, "gatehouse/active", llm.Messages, llm.ErrBadRequest, "no_active_model", "gatehouse use"},
	} {
		_, err := Plan(c.w, c.model, c.d)
		e := llm.AsError(err)
		if e == nil || e.Kind != c.kind || e.Code != c.code || !strings.Contains(e.Message, c.says) {
			t.Errorf("%s: %+v", c.name, e)
		}
	}
}
