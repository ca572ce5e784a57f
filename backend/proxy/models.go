package proxy

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"gatehouse/backend/access"
	"gatehouse/backend/catalog"
	"gatehouse/backend/llm"
	"gatehouse/backend/routing"
)

// openAIModel is a model in OpenAI's list (API reference, "Models") with the hosted gateway's additions, which editors
// read limits from.
type openAIModel struct {
	ID            string `json:"id"`
	Object        string `json:"object"`
	Created       int64  `json:"created"`
	OwnedBy       string `json:"owned_by"`
	Name          string `json:"name,omitempty"`
	Description   string `json:"description,omitempty"`
	ContextWindow int64  `json:"context_window,omitempty"`
	MaxTokens     int64  `json:"max_tokens,omitempty"`
}

// anthropicModel is a model in Anthropic's list (API reference, "Models").
type anthropicModel struct {
	Type        string `json:"type"`
	ID          string `json:"id"`
	DisplayName string `json:"display_name"`
	CreatedAt   string `json:"created_at"`
}

// listed gives the models a key may use, the active one first, each id once.
func (s *Server) listed(key access.Key) []catalog.Model {
	c := s.Catalog()
	active := catalog.Model{ID: routing.ActiveModel, Name: "Active model", Description: "Whatever model is active in Gatehouse"}
	if id := s.Active(); id != "" {
		for _, m := range c.All() {
			if m.ID == id {
				active.ContextWindow, active.MaxOutput = m.ContextWindow, m.MaxOutput
				break
			}
		}
	}
	out := []catalog.Model{}
	if key.Allows(routing.ActiveModel) || key.Allows(s.Active()) {
		out = append(out, active)
	}
	for _, m := range c.All() {
		if (len(out) == 0 || out[len(out)-1].ID != m.ID) && key.Allows(m.ID) {
			out = append(out, m)
		}
	}
	return out
}

func toOpenAI(m catalog.Model) openAIModel {
	creator, _, _ := strings.Cut(m.ID, "/")
	return openAIModel{
		ID: m.ID, Object: "model", Created: m.Created, OwnedBy: creator, Name: m.Name, Description: m.Description,
		ContextWindow: m.ContextWindow, MaxTokens: m.MaxOutput,
	}
}

func toAnthropic(m catalog.Model) anthropicModel {
	name := m.Name
	if name == "" {
		name = m.ID
	}
	return anthropicModel{"model", m.ID, name, time.Unix(m.Created, 0).UTC().Format(time.RFC3339)}
}

// models lists the models in the shape of who asks: Anthropic's clients say their API version.
func (s *Server) models(w http.ResponseWriter, r *http.Request, key access.Key) error {
	models := s.listed(key)
	if r.Header.Get("Anthropic-Version") == "" {
		data := make([]openAIModel, len(models))
		for i, m := range models {
			data[i] = toOpenAI(m)
		}
		return writeJSON(w, map[string]any{"object": "list", "data": data})
	}
	data := make([]anthropicModel, len(models))
	for i, m := range models {
		data[i] = toAnthropic(m)
	}
	list := map[string]any{"data": data, "has_more": false, "first_id": nil, "last_id": nil}
	if len(data) > 0 {
		list["first_id"], list["last_id"] = data[0].ID, data[len(data)-1].ID
	}
	return writeJSON(w, list)
}

func (s *Server) model(w http.ResponseWriter, r *http.Request, key access.Key) error {
	id := r.PathValue("id")
	for _, m := range s.listed(key) {
		if m.ID != id {
			continue
		}
		if r.Header.Get("Anthropic-Version") != "" {
			return writeJSON(w, toAnthropic(m))
		}
		return writeJSON(w, toOpenAI(m))
	}
	return llm.Errorf(llm.ErrNotFound, "the model %q is not listed; GET /v1/models lists the models there are", id).
		WithCode("model_not_found")
}

func writeJSON(w http.ResponseWriter, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(body, '\n')) // the client may be gone
	return nil
}
