package proxy

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"gatehouse/backend/access"
	"gatehouse/backend/catalog"
	"gatehouse/backend/gateway"
	"gatehouse/backend/provider"
	"gatehouse/backend/routing"
)

// TestVirtualModelsAreListed: with the limits of what they stand for first, to whoever may use them.
func TestVirtualModelsAreListed(t *testing.T) {
	d := openDoor(t, doorOptions{active: "coder", edit: func(o *Options, g *gateway.Options) {
		o.Catalog = func() *catalog.Catalog { return shelf }
		world := g.World
		g.World = func() routing.World {
			w := world()
			w.Catalog = shelf
			w.Config = &routing.Config{Virtual: map[string]routing.Virtual{
				"coder": {Targets: []routing.Weighted{{Model: "inner"}, {Model: "sim/echo"}}},
				"inner": {Targets: []routing.Weighted{{Model: "anthropic/claude"}}},
			}}
			return w
		}
		o.Virtual = func() []catalog.Model { return g.World().VirtualModels() }
	}})
	_, text := d.get("/v1/models")
	var list openAIModels
	check(t, json.Unmarshal([]byte(text), &list))
	found := map[string]openAIModel{}
	for _, m := range list.Data {
		found[m.ID] = m
	}
	coder, active := found["coder"], found[routing.ActiveModel]
	if coder.ContextWindow != 1_000_000 || coder.Pricing != nil || coder.Description != "virtual model for inner, sim/echo" || coder.Name != "coder" {
		t.Errorf("%+v", coder)
	}
	if active.ContextWindow != 1_000_000 {
		t.Errorf("the active model has not the virtual one's limits: %+v", active)
	}
	if _, text := d.get("/v1/models/coder", "Anthropic-Version", "2023-06-01"); !strings.Contains(text, `"id":"coder"`) {
		t.Error(text)
	}
	_, token, err := d.keys.Create(access.NewKey{Name: "few", Models: []string{"inner"}})
	check(t, err)
	d.token = token
	if _, text := d.get("/v1/models"); !strings.Contains(text, `"inner"`) || strings.Contains(text, `"coder"`) || strings.Contains(text, `"sim/echo"`) {
		t.Error(text)
	}
}

// TestWhatOnlyConversationsCanHave: what a virtual model adds is told as left out where a request is no conversation, to the
// client and in the history; and what an attempt could not carry is not told of the one that answered.
func TestWhatOnlyConversationsCanHave(t *testing.T) {
	server, _ := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/anthropic"):
			http.Error(w, `{"type":"error","error":{"type":"overloaded_error","message":"busy"}}`, 529)
		case strings.HasSuffix(r.URL.Path, "/embeddings"):
			_, _ = io.WriteString(w, `{"object":"list","data":[{"index":0,"embedding":[3]}],"usage":{"prompt_tokens":5,"total_tokens":5}}`)
		case strings.HasSuffix(r.URL.Path, "/images/generations"):
			_, _ = io.WriteString(w, `{"created":1,"data":[{"b64_json":"AAAA"}]}`)
		default:
			_, _ = io.WriteString(w, `{"id":"x","choices":[{"message":{"role":"assistant","content":"yes"},"finish_reason":"stop"}]}`)
		}
	})
	warm := 0.5
	o := redirected("openai", server.URL+"/v1", providerSecret)
	o.providers["mistral"] = provider.Override{BaseURL: server.URL + "/v1"}
	o.providers["anthropic"] = provider.Override{BaseURL: server.URL + "/anthropic"}
	o.secrets["mistral"], o.secrets["anthropic"] = providerSecret, providerSecret
	o.edit = func(_ *Options, g *gateway.Options) {
		world := g.World
		g.World = func() routing.World {
			w := world()
			w.Config = &routing.Config{Virtual: map[string]routing.Virtual{
				"kind": {
					Targets: []routing.Weighted{{Model: "openai/e"}}, SystemPrefix: "Be kind.", Parameters: routing.Parameters{Temperature: &warm},
				},
				"kind-too": {Targets: []routing.Weighted{{Model: "mistral/e"}}, SystemPrefix: "Be kind."},
				"either": {
					Targets: []routing.Weighted{{Model: "anthropic/c"}}, Options: routing.Options{Models: []string{"openai/e"}},
				},
			}}
			return w
		}
	}
	d := openDoor(t, o)
	for _, c := range []struct {
		path, body string
		want       []string
	}{
		{"/v1/embeddings", `{"model":"kind","input":"x"}`, []string{"systemPrefix", "parameters"}},
		{"/v1/embeddings", `{"model":"kind-too","input":"x","user":"u"}`, []string{"systemPrefix", "user"}},
		{"/v1/images/generations", `{"model":"kind","prompt":"x"}`, []string{"systemPrefix", "parameters"}},
		{"/v1/chat/completions", `{"model":"kind","messages":[{"role":"user","content":"x"}]}`, nil},
		{"/v1/chat/completions", `{"model":"openai/e","providerOptions":{"gateway":{"user":"u"},"openai":{"a":1}},"messages":[{"role":"user","content":"x"}]}`, []string{"providerOptions.openai"}},
		{"/v1/messages", `{"model":"mistral/e","max_tokens":9,"providerOptions":{"openai":{"a":1}},"messages":[{"role":"user","content":"x"}]}`, []string{"providerOptions.openai"}},
		{"/v1/chat/completions", `{"model":"either","seed":7,"messages":[{"role":"user","content":"x"}]}`, nil},
	} {
		resp, text := d.post(c.path, c.body)
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("%s %s: %d %s", c.path, c.body, resp.StatusCode, text)
		}
		header, kept := resp.Header.Get("X-Gatehouse-Notices"), d.lastRecord().Notices
		if len(kept) != len(c.want) || c.want == nil && header != "" {
			t.Errorf("%s: header %q, history %q, want %q", c.body, header, kept, c.want)
			continue
		}
		for i, field := range c.want {
			if !strings.HasPrefix(kept[i], field+": ") || !strings.Contains(header, field+": ") {
				t.Errorf("%s: header %q, history %q, want %q", c.body, header, kept, c.want)
			}
		}
	}
}
