package provider

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gatehouse/backend/llm"
)

// TestCallURL: what URLs name besides the endpoint, and that no model's name leads elsewhere.
func TestCallURL(t *testing.T) {
	table := NewTable(map[ID]Override{"google": {BaseURL: "http://g.test/proxy"}, Gateway: {BaseURL: "http://v.test"}})
	google := func(model string) Call {
		return Call{Provider: table["google"], Dialect: llm.Gemini, Model: model, Method: "generateContent"}
	}
	for _, c := range []struct {
		call Call
		want string // empty: refused
	}{
		{google("gemini-3-pro"), "http://g.test/proxy/v1beta/models/gemini-3-pro:generateContent"},
		{google("models/gemini-3-pro"), "http://g.test/proxy/v1beta/models/gemini-3-pro:generateContent"},
		{google("tunedModels/mine"), "http://g.test/proxy/v1beta/tunedModels/mine:generateContent"},
		{google("a b?key=x#y%2e"), "http://g.test/proxy/v1beta/models/a%20b%3Fkey=x%23y%252e:generateContent"},
		{google("{model}"), "http://g.test/proxy/v1beta/models/%7Bmodel%7D:generateContent"},
		{google("../../v1/x"), ""},
		{google("a/../b"), ""},
		{google("a//b"), ""},
		{google(""), ""},
		{Call{Provider: table[Gateway], Dialect: llm.AISDK, Version: "v3"}, "http://v.test/v3/ai/language-model"},
		{Call{Provider: table["openai"], Dialect: llm.Gemini, Method: "x"}, ""},
	} {
		u, err := c.call.url()
		switch {
		case c.want == "":
			if e := llm.AsError(err); e == nil || e.HTTPStatus() >= 500 {
				t.Errorf("%q gave %v, %v", c.call.Model, u, err)
			}
		case err != nil || u.String() != c.want:
			t.Errorf("%q: %v, %v, want %s", c.call.Model, u, err, c.want)
		}
	}
}

// TestAuthorize: each dialect's header, and no other.
func TestAuthorize(t *testing.T) {
	table := NewTable(nil)
	for _, c := range []struct {
		id     ID
		d      llm.Dialect
		secret string
		want   string
	}{
		{"google", llm.Gemini, "k", `{"X-Goog-Api-Key":["k"]}`},
		{"google", llm.GeminiEmbeddings, "k", `{"X-Goog-Api-Key":["k"]}`},
		{"anthropic", llm.Messages, "k", `{"X-Api-Key":["k"]}`},
		{"openai", llm.Responses, "k", `{"Authorization":["Bearer k"]}`},
		{Gateway, llm.Messages, "k", `{"Authorization":["Bearer k"]}`},
		{Gateway, llm.AISDK, "vck_k", `{"Ai-Gateway-Auth-Method":["api-key"],"Authorization":["Bearer vck_k"]}`},
		{Gateway, llm.AISDK, "e30.e30.c2ln", `{"Ai-Gateway-Auth-Method":["oidc"],"Authorization":["Bearer e30.e30.c2ln"]}`},
		{Gateway, llm.AISDK, "", `{}`},
	} {
		h := http.Header{}
		table[c.id].Authorize(h, c.d, c.secret)
		if got, err := json.Marshal(h); err != nil || string(got) != c.want {
			t.Errorf("%s %s: %s, %v", c.id, c.d, got, err)
		}
	}
}

// TestGeminiPages: the list is asked for page by page, with the key in a header.
func TestGeminiPages(t *testing.T) {
	pages := map[string]string{
		"":    `{"models":[{"name":"models/gemini-3-pro","displayName":"Gemini 3 Pro","description":"d","inputTokenLimit":1048576,"outputTokenLimit":65536,"supportedGenerationMethods":["generateContent"]}],"nextPageToken":"a b"}`,
		"a b": `{"nextPageToken":"end"}`,
		"end": `{"models":[{"name":"models/text-embedding","supportedGenerationMethods":["embedContent"]}]}`,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Goog-Api-Key") != "secret" || r.Header.Get("Authorization") != "" || strings.Contains(r.URL.RawQuery, "secret") {
			t.Errorf("%v %v", r.URL, r.Header)
		}
		if r.URL.Path != "/v1beta/models" || r.URL.Query().Get("pageSize") != "1000" {
			t.Error(r.URL)
		}
		_, _ = io.WriteString(w, pages[r.URL.Query().Get("pageToken")])
	}))
	defer server.Close()
	client := NewClient(http.NotFoundHandler())
	defer client.Close()
	google := NewTable(map[ID]Override{"google": {BaseURL: server.URL}})["google"]
	list, err := client.List(context.Background(), google, "secret", "")
	models := list.Models
	if err != nil || len(models) != 2 {
		t.Fatal(models, err)
	}
	if m := models[0]; m.ID != "google/gemini-3-pro" || m.Upstream != "gemini-3-pro" || m.Name != "Gemini 3 Pro" || m.ContextWindow != 1048576 || m.MaxOutput != 65536 {
		t.Errorf("%+v", m)
	}
	if models[1].ID != "google/text-embedding" {
		t.Errorf("%+v", models[1])
	}
	if err := client.Check(context.Background(), google, "secret"); err != nil {
		t.Error(err)
	}
}
