package proxy

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
	"gatehouse/backend/provider/strict"
)

// A talker is a client that holds a conversation as the real clients of its dialect do: it keeps the history in its own
// form and sends back of an answer what such clients send back.
type talker interface {
	// user adds words of the user's, with a picture if it is asked for.
	user(text string, picture bool)
	// results answers the calls of the last answer, the first with a picture beside the text.
	results(calls []talkCall)
	// request gives the path, the headers and the body of the next turn.
	request(model string, stream bool) (path string, header http.Header, body string)
	// answer reads an answer and adds it to the history.
	answer(body string, stream bool) (talkAnswer, error)
}

type talkCall struct{ id, name, input string }

type talkAnswer struct {
	text, thinking string
	calls          []talkCall
}

// talkTools are what every talker declares: two tools, one of them without arguments that it must have.
var talkTools = []struct{ name, description, schema string }{
	{"read_file", "Reads a file.", `{"type":"object","properties":{"path":{"type":"string"},"lines":{"type":"integer"}},"required":["path"]}`},
	{"take_picture", "Takes a picture.", `{"type":"object","properties":{}}`},
}

// onePixel is a PNG of one pixel.
const onePixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil { // a string always can be written
		panic(err)
	}
	return string(b)
}

func joined(list []string) string { return strings.Join(list, ",") }

// events reads the data of a stream's events.
func events(body string) []gjson.Result {
	var out []gjson.Result
	for line := range strings.Lines(body) {
		data, ok := strings.CutPrefix(strings.TrimRight(line, "\r\n"), "data: ")
		if ok && data != "[DONE]" {
			out = append(out, gjson.Parse(data))
		}
	}
	return out
}

// broken is an error inside an answer, in any dialect's form.
func brokenAnswer(e gjson.Result) error {
	if e.Get("error").Exists() && e.Get("error").Type != gjson.Null || e.Get("type").String() == "error" {
		return fmt.Errorf("the answer holds an error: %s", e.Raw)
	}
	return nil
}

// talkers are the clients, by name. Those of Chat Completions differ in what they send back of reasoning.
var talkers = []struct {
	name string
	make func() talker
}{
	{"chat", func() talker { return &chatTalker{} }},
	{"chat with reasoning_details", func() talker { return &chatTalker{details: true} }},
	{"chat with reasoning_content", func() talker { return &chatTalker{content: true} }},
	{"responses", func() talker { return &responsesTalker{} }},
	{"messages", func() talker { return &messagesTalker{} }},
	{"gemini", func() talker { return &geminiTalker{} }},
	{"ollama", func() talker { return &ollamaTalker{} }},
	{"ollama without ids", func() talker { return &ollamaTalker{forgetful: true} }},
	{"ai-sdk 5", func() talker { return &aisdkTalker{version: 2} }},
	{"ai-sdk 6", func() talker { return &aisdkTalker{version: 3} }},
	{"ai-sdk 7", func() talker { return &aisdkTalker{version: 4} }},
}

// strictVendors are the providers that have a strict stand-in: what their base URL has behind the server's, and a model.
var strictVendors = []struct {
	id, base, model string
	// dialect is what a provider of one's own speaks; empty for the built-in ones.
	dialect llm.Dialect
}{
	{id: "openai", base: "/v1", model: "gpt-5.4"},
	{id: "anthropic", base: "", model: "claude-sonnet-4-5"},
	{id: "google", base: "", model: "gemini-3-pro"},
	{id: "deepseek", base: "", model: "deepseek-v4"},
	{id: "mistral", base: "/v1", model: "magistral-medium"},
	{id: "groq", base: "/openai/v1", model: "openai/gpt-oss-120b"},
	{id: "ollama", base: "/v1", model: "qwen3:8b"},
	{id: "strict-responses", base: "/v1", model: "gpt-5.4", dialect: llm.Responses},
	{id: "strict-chat", base: "/v1", model: "local-1", dialect: llm.ChatCompletions},
	{id: "strict-messages", base: "", model: "claude-opus-4-8", dialect: llm.Messages},
}

// standIns starts a stand-in for every vendor.
func standIns(t testing.TB) (doorOptions, map[string]*strict.StandIn) {
	t.Helper()
	o := doorOptions{providers: map[string]provider.Override{}, secrets: secrets{}}
	all := map[string]*strict.StandIn{}
	for _, v := range strictVendors {
		all[v.id] = strict.New(v.id)
		if v.dialect == llm.Responses {
			all[v.id] = strict.New("openai")
		} else if v.dialect == llm.Messages {
			all[v.id] = strict.New("anthropic")
		}
		server := httptest.NewServer(all[v.id])
		t.Cleanup(server.Close)
		o.providers[v.id] = provider.Override{BaseURL: server.URL + v.base, Dialect: v.dialect}
		o.secrets[v.id] = providerSecret
	}
	return o, all
}

// modelOf gives a vendor's model as clients name it.
func modelOf(id string) string {
	for _, v := range strictVendors {
		if v.id == id {
			return id + "/" + v.model
		}
	}
	return id + "/unknown"
}

// turn asks for the next turn of a conversation.
func (d *door) turn(who talker, model string, stream bool) (int, string, talkAnswer, error) {
	path, h, body := who.request(model, stream)
	resp, text := d.post(path, body, func(r *http.Request) {
		for name, values := range h {
			r.Header[name] = values
		}
	})
	if resp.StatusCode != http.StatusOK {
		return resp.StatusCode, text, talkAnswer{}, nil
	}
	a, err := who.answer(text, stream)
	return resp.StatusCode, text, a, err
}
