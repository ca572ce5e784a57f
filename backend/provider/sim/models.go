package sim

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// model is one entry of the list.
type model struct {
	id, name, description string
	// embeds tells that it makes embeddings and no conversation.
	embeds bool
}

var models = []model{
	{"echo", "Simulator: echo", "Repeats what you say. A stand-in that needs no account.", false},
	{"stream", "Simulator: stream", "Writes long Markdown at a chosen pace. A stand-in that needs no account.", false},
	{"tools", "Simulator: tools", "Calls the declared tools, then uses their results. A stand-in that needs no account.", false},
	{"editor", "Simulator: editor", "Edits a file with the tools that an editor offers. A stand-in for trying an editor's set-up.", false},
	{"think", "Simulator: think", "Reasons first, then answers. A stand-in that needs no account.", false},
	{"flaky", "Simulator: flaky", "Fails every other time, each in another way. A stand-in for an unreliable provider.", false},
	{"slow", "Simulator: slow", "Takes five seconds to its first token. A stand-in for a slow provider.", false},
	{"down", "Simulator: down", "Is always overloaded. A stand-in for an outage.", false},
	{"embed", "Simulator: embed", "Makes embeddings: texts that share words lie close. A stand-in that needs no account.", true},
}

const (
	contextWindow = 200_000
	maxOutput     = 100_000
	maxEmbedded   = 8192
)

// born is when the models claim to have been made; any fixed time does.
var born = time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC)

func find(id string) *model {
	for i := range models {
		if models[i].id == id {
			return &models[i]
		}
	}
	return nil
}

func unknownModel(id string) *refusal {
	return refusef(noModel, "the simulator has no model %q; it has echo, stream, tools, editor, think, flaky, slow, down and embed", id).
		at("model", "")
}

// conversing refuses a model that can't be talked with.
func conversing(id string) *refusal {
	m := find(id)
	if m == nil {
		return unknownModel(id)
	}
	if m.embeds {
		return refusef(noModel, "the simulator's model %q only makes embeddings; POST /v1/embeddings takes it", id).at("model", "")
	}
	return nil
}

// openModel is OpenAI's four fields and, behind them, what the hosted gateway's list adds.
type openModel struct {
	ID            string    `json:"id"`
	Object        string    `json:"object"`
	Created       int64     `json:"created"`
	OwnedBy       string    `json:"owned_by"`
	Name          string    `json:"name"`
	Description   string    `json:"description"`
	ContextWindow int       `json:"context_window"`
	MaxTokens     int       `json:"max_tokens"`
	Type          string    `json:"type"`
	Tags          []string  `json:"tags,omitempty"`
	Pricing       openPrice `json:"pricing"`
}

type openPrice struct {
	Input  string `json:"input"`
	Output string `json:"output"`
}

// anthropicModel is an entry of Anthropic's list (API reference, "Models").
type anthropicModel struct {
	Type        string `json:"type"`
	ID          string `json:"id"`
	DisplayName string `json:"display_name"`
	CreatedAt   string `json:"created_at"`
}

func (m model) open() openModel {
	o := openModel{
		ID: m.id, Object: "model", Created: born.Unix(), OwnedBy: "gatehouse", Name: m.name, Description: m.description,
		ContextWindow: contextWindow, MaxTokens: maxOutput, Type: "language", Pricing: openPrice{"0", "0"},
	}
	if m.embeds {
		o.Type, o.ContextWindow, o.MaxTokens = "embedding", maxEmbedded, 0
	}
	switch m.id {
	case "tools", "editor":
		o.Tags = []string{"tool-use"}
	case "think":
		o.Tags = []string{"reasoning"}
	}
	return o
}

func (m model) anthropic() anthropicModel {
	return anthropicModel{"model", m.id, m.name, born.Format(time.RFC3339)}
}

func (s *server) listModels(w http.ResponseWriter, r *http.Request) {
	d := dialectOf(r)
	_, _, prefix := d.idPrefixes()
	d.headers(w.Header(), s.id(prefix, 24))
	w.Header().Set("Content-Type", "application/json")
	if _, ok := d.(messages); ok {
		list := struct {
			Data    []anthropicModel `json:"data"`
			HasMore bool             `json:"has_more"`
			FirstID string           `json:"first_id"`
			LastID  string           `json:"last_id"`
		}{FirstID: models[0].id, LastID: models[len(models)-1].id}
		for _, m := range models {
			list.Data = append(list.Data, m.anthropic())
		}
		_, _ = w.Write(encode(list))
		return
	}
	list := struct {
		Object string      `json:"object"`
		Data   []openModel `json:"data"`
	}{Object: "list"}
	for _, m := range models {
		list.Data = append(list.Data, m.open())
	}
	_, _ = w.Write(encode(list))
}

func (s *server) getModel(w http.ResponseWriter, r *http.Request) {
	d := dialectOf(r)
	_, _, prefix := d.idPrefixes()
	requestID := s.id(prefix, 24)
	d.headers(w.Header(), requestID)
	m := find(r.PathValue("id"))
	if m == nil {
		d.refuse(w, unknownModel(r.PathValue("id")), requestID)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if _, ok := d.(messages); ok {
		_, _ = w.Write(encode(m.anthropic()))
		return
	}
	_, _ = w.Write(encode(m.open()))
}

// geminiModel is an entry of Gemini's list (API reference, "Models").
type geminiModel struct {
	Name             string   `json:"name"`
	Version          string   `json:"version"`
	DisplayName      string   `json:"displayName"`
	Description      string   `json:"description"`
	InputTokenLimit  int      `json:"inputTokenLimit"`
	OutputTokenLimit int      `json:"outputTokenLimit"`
	Methods          []string `json:"supportedGenerationMethods"`
	Thinking         bool     `json:"thinking,omitempty"`
}

func (m model) gemini() geminiModel {
	return geminiModel{
		Name: "models/" + m.id, Version: "1", DisplayName: m.name, Description: m.description,
		InputTokenLimit: contextWindow, OutputTokenLimit: maxOutput, Methods: []string{"generateContent"}, Thinking: m.id == "think",
	}
}

// listGemini gives the models page by page; a page's token is the first model on it. Embeddings are not made here.
func (s *server) listGemini(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	size, err := strconv.Atoi(q.Get("pageSize"))
	if err != nil || size < 1 {
		size = 50
	}
	talking := slices.DeleteFunc(slices.Clone(models), func(m model) bool { return m.embeds })
	first, token := 0, q.Get("pageToken")
	for token != "" && talking[first].id != token {
		if first++; first == len(talking) {
			gemini{}.refuse(w, refusef(badRequest, "Invalid page token."), "")
			return
		}
	}
	last := min(first+size, len(talking))
	list := struct {
		Models        []geminiModel `json:"models"`
		NextPageToken string        `json:"nextPageToken,omitempty"`
	}{}
	for _, m := range talking[first:last] {
		list.Models = append(list.Models, m.gemini())
	}
	if last < len(talking) {
		list.NextPageToken = talking[last].id
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	_, _ = w.Write(encode(list))
}

func (s *server) getGemini(w http.ResponseWriter, r *http.Request) {
	m := find(r.PathValue("id"))
	if m == nil || m.embeds {
		gemini{}.refuse(w, unknownModel(r.PathValue("id")), "")
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	_, _ = w.Write(encode(m.gemini()))
}
