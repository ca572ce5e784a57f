package proxy

import (
	"net/http"
	"strings"

	"gatehouse/backend/access"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
	"gatehouse/backend/protocol/aisdk"
)

// dialectOf tells the client's dialect from its route; where that is shared or unknown, Anthropic's clients say their API
// version.
func dialectOf(r *http.Request) llm.Dialect {
	path := r.URL.Path
	switch {
	case path == "/v1/messages" || strings.HasPrefix(path, "/v1/messages/"):
		return llm.Messages
	case path == "/v1/responses" || strings.HasPrefix(path, "/v1/responses/"),
		path == "/v1/conversations" || strings.HasPrefix(path, "/v1/conversations/"):
		return llm.Responses
	case strings.HasPrefix(path, "/v1beta/") || strings.HasPrefix(path, "/v1/models/") && strings.Contains(path, ":"):
		return llm.Gemini
	case path == "/" || strings.HasPrefix(path, "/api/"):
		return llm.Ollama
	case isAISDK(path), path == "/v1/realtime/client-secrets": // which the AI SDK asks for at the origin
		return llm.AISDK
	case r.Header.Get("Anthropic-Version") != "":
		return llm.Messages
	case path == "/v1/models" && shapeOf(r) == geminiList, strings.HasPrefix(path, "/v1/models/") && shapeOf(r) == geminiList:
		return llm.Gemini
	}
	return llm.ChatCompletions
}

func isAISDK(path string) bool {
	switch path {
	case "/v1/credits", "/v1/report", "/v1/generation": // it asks them at the origin
		return true
	}
	return strings.HasPrefix(path, "/v1/ai/") || strings.HasPrefix(path, "/v3/ai/") || strings.HasPrefix(path, "/v4/ai/")
}

// gemini serves /v1beta/models/{model}:{method} (API reference, "Generating content"). Ids may hold slashes and colons.
func (s *Server) gemini(w http.ResponseWriter, r *http.Request, key access.Key) error {
	model, method, _ := cutLast(r.PathValue("call"), ":")
	var head protocol.Head
	switch method {
	case "generateContent":
		head = protocol.Head{Model: model}
	case "streamGenerateContent":
		head = protocol.Head{Model: model, Stream: true}
	case "embedContent", "batchEmbedContents":
		return s.embedContent(w, r, key, model, method)
	case "countTokens":
		return s.countGemini(w, r, key, model)
	default:
		return llm.Errorf(llm.ErrNotFound, "there is no %q here; models take generateContent, streamGenerateContent, countTokens, "+
			"embedContent and batchEmbedContents", method).WithCode("not_found")
	}
	return s.exchange(w, r, key, func(req *gateway.Request) error {
		req.Dialect, req.Head = llm.Gemini, &head
		array := head.Stream && r.URL.Query().Get("alt") != "sse"
		req.Decode = func() (*protocol.Asked, error) { return protocol.Gemini(req.Body, head, array) }
		return nil
	})
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// languageModel serves POST {base}/language-model of the AI SDK's gateway protocol, whose model and streaming stand in
// headers.
func (s *Server) languageModel(w http.ResponseWriter, r *http.Request, key access.Key) error {
	head, err := aisdk.ReadHead(r.URL.Path, r.Header)
	if err != nil {
		return err
	}
	if head.Model == "" {
		return llm.Errorf(llm.ErrBadRequest, "the header ai-language-model-id names no model").WithCode("model_missing")
	}
	return s.exchange(w, r, key, func(req *gateway.Request) error {
		req.Dialect, req.Head = llm.AISDK, &protocol.Head{Model: head.Model, Stream: head.Stream}
		req.Version, _, _ = strings.Cut(r.URL.Path[1:], "/")
		req.Decode = func() (*protocol.Asked, error) { return protocol.AISDK(req.Body, head) }
		return nil
	})
}

// config serves GET {base}/config of the AI SDK's gateway protocol: the models.
func (s *Server) config(w http.ResponseWriter, r *http.Request, key access.Key) error {
	head, err := aisdk.ReadHead(r.URL.Path, r.Header)
	if err != nil {
		return err
	}
	models := []aisdk.Model{}
	for _, m := range s.listed(key) {
		model := aisdk.Model{ID: m.ID, Name: nameOf(m), Description: m.Description, Provider: creatorOf(m.ID), Type: m.Type}
		if p := pricingOf(m.Price); p != nil && p.Input != "" && p.Output != "" {
			model.Pricing = &aisdk.Pricing{Input: p.Input, Output: p.Output, CacheRead: p.CacheRead, CacheWrite: p.CacheWrite}
		}
		models = append(models, model)
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(aisdk.EncodeConfig(models, head.Version)) // the client may be gone
	return nil
}
