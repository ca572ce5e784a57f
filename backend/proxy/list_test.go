package proxy

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"gatehouse/backend/access"
	"gatehouse/backend/catalog"
	"gatehouse/backend/gateway"
	"gatehouse/backend/routing"
)

func pico(n int64) *catalog.PicoUSD { p := catalog.PicoUSD(n); return &p }

// shelf is a catalog with a model that everything is known of, at two providers, one that nothing is known of, and others
// than language models.
var shelf = catalog.New([]catalog.Model{
	{
		ID: "anthropic/claude", Provider: "gateway", Name: "Claude", Description: "Thinks.", Created: 1700000000, Released: 1600000000,
		Type: "language", ContextWindow: 1_000_000, MaxOutput: 64_000, Tags: []string{"tool-use", "reasoning", "vision"},
		InputModalities: []string{"text", "image", "file"}, OutputModalities: []string{"text"},
		Price: &catalog.Price{Rates: catalog.Rates{Input: pico(3_000_000), Output: pico(15_000_000), CacheRead: pico(300_000)}},
	},
	{ID: "anthropic/claude", Provider: "anthropic", Upstream: "claude", Capabilities: json.RawMessage(`{"image_input":{"supported":true}}`)},
	{ID: "google/paint", Provider: "gateway", Type: "image"},
	{ID: "openai/embed", Provider: "openai", Type: "embedding"},
	{ID: "sim/echo", Provider: "sim", Upstream: "echo"},
}, nil)

func openShelf(t *testing.T) *door {
	return openDoor(t, doorOptions{active: "sim/echo", edit: func(o *Options, g *gateway.Options) {
		o.Catalog = func() *catalog.Catalog { return shelf }
		world := g.World
		g.World = func() routing.World {
			w := world()
			w.Catalog = shelf
			return w
		}
	}})
}

// get asks for a path; header is name, value, name, value.
func (d *door) get(path string, header ...string) (*http.Response, string) {
	d.t.Helper()
	req, err := http.NewRequest(http.MethodGet, d.url+path, nil)
	check(d.t, err)
	req.Header.Set("Authorization", "Bearer "+d.token)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return d.do(req)
}

// TestModelShapes: who asks decides on the form; what is unknown is absent, or null where the form demands the member.
func TestModelShapes(t *testing.T) {
	d := openShelf(t)
	claudeFull := `{"id":"anthropic/claude","object":"model","created":1700000000,"released":1600000000,"owned_by":"anthropic",` +
		`"name":"Claude","description":"Thinks.","type":"language","tags":["tool-use","reasoning","vision"],` +
		`"context_window":1000000,"context_length":1000000,"max_tokens":64000,` +
		`"pricing":{"input":"0.000003","output":"0.000015","prompt":"0.000003","completion":"0.000015","input_cache_read":"0.0000003"},` +
		`"modalities":{"input":["text","image","file"],"output":["text"]},` +
		`"architecture":{"modality":"text+image+file-\u003etext","input_modalities":["text","image","file"],"output_modalities":["text"]},` +
		`"supported_parameters":["tools","tool_choice","reasoning","include_reasoning"],` +
		`"top_provider":{"context_length":1000000,"max_completion_tokens":64000}}`
	bare := `{"id":"sim/echo","object":"model","created":0,"owned_by":"sim"}`
	claudeMessages := `{"type":"model","id":"anthropic/claude","display_name":"Claude","created_at":"2020-09-13T12:26:40Z",` +
		`"max_input_tokens":1000000,"max_tokens":64000,"capabilities":{"image_input":{"supported":true}}}`
	bareMessages := `{"type":"model","id":"sim/echo","display_name":"sim/echo","created_at":"1970-01-01T00:00:00Z",` +
		`"max_input_tokens":null,"max_tokens":null,"capabilities":null}`
	claudeGemini := `{"name":"models/anthropic/claude","displayName":"Claude","description":"Thinks.","inputTokenLimit":1000000,` +
		`"outputTokenLimit":64000,"supportedGenerationMethods":["generateContent","streamGenerateContent"],"thinking":true}`
	bareGemini := `{"name":"models/sim/echo","displayName":"sim/echo","supportedGenerationMethods":["generateContent","streamGenerateContent"]}`
	anthropic, google := []string{"Anthropic-Version", "2023-06-01"}, []string{"X-Goog-Api-Client", "google-genai-sdk/3"}
	for _, c := range []struct {
		path   string
		header []string
		want   []string
	}{
		{"/v1/models", nil, []string{`{"object":"list","data":[{"id":"gatehouse/active"`, claudeFull, bare, `"id":"google/paint"`}},
		{"/coding-agent/v1/models", nil, []string{claudeFull, bare}},
		{"/cursor/v1/models", nil, []string{claudeFull, bare}},
		{"/v1/models/anthropic/claude", nil, []string{claudeFull}},
		{"/v1/models/sim/echo", nil, []string{bare}},
		{"/v1/models", anthropic, []string{claudeMessages, bareMessages, `"has_more":false`, `"first_id":"gatehouse/active","last_id":"sim/echo"`}},
		{"/coding-agent/v1/models", anthropic, []string{claudeMessages}},
		{"/v1/models/anthropic/claude", anthropic, []string{claudeMessages}},
		{"/v1beta/models", nil, []string{`{"models":[`, claudeGemini, bareGemini, `"supportedGenerationMethods":["embedContent","batchEmbedContents"]`}},
		{"/v1/models", google, []string{claudeGemini}},
		{"/v1beta/models/anthropic/claude", nil, []string{claudeGemini}},
		{"/v1beta/models/models/sim/echo", nil, []string{bareGemini}},
		{"/v1/models/anthropic/claude", google, []string{claudeGemini}},
	} {
		resp, text := d.get(c.path, c.header...)
		for _, want := range c.want {
			if resp.StatusCode != 200 || !strings.Contains(text, want) {
				t.Errorf("%s %v: %d %s\nlacks %s", c.path, c.header, resp.StatusCode, text, want)
			}
		}
	}
}

func TestModelEndpoints(t *testing.T) {
	d := openShelf(t)
	_, text := d.get("/v1/models/anthropic/claude/endpoints")
	want := `{"data":{"id":"anthropic/claude","name":"Claude","created":1700000000,"released":1600000000,"description":"Thinks.",` +
		`"architecture":{"modality":"text+image+file-\u003etext","input_modalities":["text","image","file"],"output_modalities":["text"]},"endpoints":[` +
		`{"name":"gateway | anthropic/claude","model_name":"Claude","provider_name":"gateway","tag":"gateway","context_length":1000000,` +
		`"max_completion_tokens":64000,"max_prompt_tokens":null,"quantization":null,` +
		`"pricing":{"input":"0.000003","output":"0.000015","prompt":"0.000003","completion":"0.000015","input_cache_read":"0.0000003"},` +
		`"supported_parameters":["tools","tool_choice","reasoning","include_reasoning"],"status":0},` +
		`{"name":"anthropic | anthropic/claude","model_name":"Claude","provider_name":"anthropic","tag":"anthropic","context_length":null,` +
		`"max_completion_tokens":null,"max_prompt_tokens":null,"quantization":null,"status":0}]}}`
	if strings.TrimSpace(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	if _, text := d.get("/v1/models/gatehouse/active/endpoints"); !strings.Contains(text, `"provider_name":"sim"`) {
		t.Error(text)
	}
	if resp, text := d.get("/v1/models/no/such/endpoints"); resp.StatusCode != 404 || !strings.Contains(text, `\"no/such\"`) {
		t.Error(resp.StatusCode, text)
	}
}

// TestClaudeCodeList: ids that Claude Code takes, the long context marked, no models that it can't talk to; and its ids are
// found on every surface.
func TestClaudeCodeList(t *testing.T) {
	d := openShelf(t)
	var list struct{ Data []struct{ ID string } }
	_, text := d.get("/claude-code/v1/models", "Anthropic-Version", "2023-06-01")
	check(t, json.Unmarshal([]byte(text), &list))
	var ids []string
	for _, m := range list.Data {
		ids = append(ids, m.ID)
	}
	if !slices.Equal(ids, []string{"claude-code/gatehouse/active", "claude-code/anthropic/claude[1m]", "claude-code/sim/echo"}) {
		t.Error(ids)
	}
	for _, surface := range []string{"", "/claude-code", "/coding-agent"} {
		for _, id := range []string{"claude-code/anthropic/claude[1m]", "anthropic/claude[1m]", "claude-code/anthropic/claude"} {
			resp, text := d.get(surface + "/v1/models/" + url.PathEscape(id))
			if resp.StatusCode != 200 || !strings.Contains(text, `"id":"`+id+`"`) || !strings.Contains(text, `"owned_by":"anthropic"`) {
				t.Errorf("%s %s: %d %s", surface, id, resp.StatusCode, text)
			}
		}
	}
}

// TestCodexList holds every member that Codex's decoder demands; one that lacks costs Codex the whole list.
func TestCodexList(t *testing.T) {
	d := openShelf(t)
	for _, path := range []string{"/codex/v1/models", "/codex/v1/models?client_version=0.169.0", "/v1/models?client_version=0.169.0"} {
		_, text := d.get(path)
		var list struct{ Models []map[string]any }
		check(t, json.Unmarshal([]byte(text), &list))
		if len(list.Models) != 3 {
			t.Fatal(path, text)
		}
		for i, m := range list.Models {
			for _, name := range []string{
				"slug", "display_name", "description", "supported_reasoning_levels", "shell_type", "visibility", "supported_in_api",
				"priority", "upgrade", "base_instructions", "supports_reasoning_summaries", "support_verbosity", "default_verbosity",
				"apply_patch_tool_type", "truncation_policy", "supports_parallel_tool_calls", "experimental_supported_tools",
			} {
				if _, ok := m[name]; !ok {
					t.Errorf("%s: %v lacks %s", path, m["slug"], name)
				}
			}
			if m["base_instructions"] == "" || m["shell_type"] != "shell_command" || m["priority"] != float64(i+1) {
				t.Errorf("%+v", m)
			}
		}
		claude, echo := list.Models[1], list.Models[2]
		if claude["slug"] != "anthropic/claude" || claude["context_window"] != 1e6 || len(claude["supported_reasoning_levels"].([]any)) != 3 {
			t.Errorf("%+v", claude)
		}
		// Codex knows text and image, and no third.
		if in := claude["input_modalities"].([]any); len(in) != 2 || in[0] != "text" || in[1] != "image" {
			t.Errorf("%+v", in)
		}
		if _, told := echo["input_modalities"]; told || echo["context_window"] != nil || len(echo["supported_reasoning_levels"].([]any)) != 0 {
			t.Errorf("what is unknown must not be there: %+v", echo)
		}
	}
}

func TestListPages(t *testing.T) {
	d := openShelf(t)
	all := []string{"gatehouse/active", "anthropic/claude", "google/paint", "openai/embed", "sim/echo"}
	for query, want := range map[string]struct {
		from, to int
		more     bool
	}{
		"": {0, 5, false}, "limit=2": {0, 2, true}, "limit=2&after_id=anthropic/claude": {2, 4, true},
		"limit=2&after_id=openai/embed": {4, 5, false}, "after_id=sim/echo": {5, 5, false}, "limit=99999": {0, 5, false},
		"limit=2&before_id=openai/embed": {1, 3, true}, "limit=3&before_id=openai/embed": {0, 3, false}, "before_id=gatehouse/active": {0, 0, false},
	} {
		_, text := d.get("/v1/models?"+query, "Anthropic-Version", "2023-06-01")
		var list struct {
			Data    []struct{ ID string }
			HasMore bool `json:"has_more"`
		}
		check(t, json.Unmarshal([]byte(text), &list))
		ids := []string{}
		for _, m := range list.Data {
			ids = append(ids, m.ID)
		}
		if !slices.Equal(ids, all[want.from:want.to]) || list.HasMore != want.more {
			t.Errorf("%s: %v, more %v", query, ids, list.HasMore)
		}
	}
	ids, token := []string{}, ""
	for range 3 {
		_, text := d.get("/v1beta/models?pageSize=2&pageToken=" + token)
		var list struct {
			Models []struct{ Name string }
			Next   string `json:"nextPageToken"`
		}
		check(t, json.Unmarshal([]byte(text), &list))
		for _, m := range list.Models {
			ids = append(ids, strings.TrimPrefix(m.Name, "models/"))
		}
		token = list.Next
	}
	if !slices.Equal(ids, all) || token != "" {
		t.Error(ids, token)
	}
	for _, c := range []struct{ path, version, want string }{
		{"/v1/models?limit=0", "2023-06-01", "invalid_request_error"},
		{"/v1/models?limit=many", "2023-06-01", "invalid_request_error"},
		{"/v1/models?after_id=no/such", "2023-06-01", "no/such"},
		{"/v1/models?after_id=a&before_id=b", "2023-06-01", "both"},
		{"/v1beta/models?pageSize=-1", "", "INVALID_ARGUMENT"},
		{"/v1beta/models?pageToken=xx", "", "INVALID_ARGUMENT"},
		{"/v1beta/models?pageToken=%21", "", "INVALID_ARGUMENT"},
	} {
		var header []string
		if c.version != "" {
			header = []string{"Anthropic-Version", c.version}
		}
		if resp, text := d.get(c.path, header...); resp.StatusCode != 400 || !strings.Contains(text, c.want) {
			t.Errorf("%s: %d %s", c.path, resp.StatusCode, text)
		}
	}
}

func TestListsAreNotReadTwice(t *testing.T) {
	d := openShelf(t)
	for _, path := range []string{"/v1/models", "/codex/v1/models", "/v1beta/models", "/v1/models/sim/echo", "/v1/models/sim/echo/endpoints"} {
		first, _ := d.get(path)
		etag := first.Header.Get("Etag")
		if etag == "" {
			t.Fatal(path, first.Header)
		}
		for _, value := range []string{etag, "W/" + etag, `"x", ` + etag, "*"} {
			if resp, text := d.get(path, "If-None-Match", value); resp.StatusCode != 304 || text != "" || resp.Header.Get("Etag") != etag {
				t.Errorf("%s %s: %d %s", path, value, resp.StatusCode, text)
			}
		}
		if resp, _ := d.get(path, "If-None-Match", `"other"`); resp.StatusCode != 200 {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
	one, _ := d.get("/v1/models")
	_, token, err := d.keys.Create(access.NewKey{Name: "narrow", Models: []string{"sim/*"}})
	check(t, err)
	other, text := d.get("/v1/models", "Authorization", "Bearer "+token)
	if other.Header.Get("Etag") == one.Header.Get("Etag") || strings.Contains(text, "anthropic") {
		t.Error("another key's list must not pass for this one's", text)
	}
}
