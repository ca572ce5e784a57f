package proxy

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"

	"gatehouse/backend/access"
	"gatehouse/backend/catalog"
	"gatehouse/backend/llm"
	"gatehouse/backend/routing"
)

// listShape is the form of a list of models.
type listShape int

const (
	openAIList listShape = iota
	anthropicList
	geminiList
	codexList
)

// shapeOf tells which form of the list a client reads: /v1/models is several vendors' route. Anthropic's clients say
// their API version, Google's send their key in a header of its own or in the URL, and Codex says its version.
func shapeOf(r *http.Request) listShape {
	switch {
	case strings.HasPrefix(r.URL.Path, "/v1beta/"):
		return geminiList
	case surfaceOf(r) == codex:
		return codexList
	case r.Header.Get("Anthropic-Version") != "":
		return anthropicList
	case r.Header.Get("X-Goog-Api-Key") != "" || r.Header.Get("X-Goog-Api-Client") != "":
		return geminiList
	case r.URL.Query().Get("client_version") != "":
		return codexList
	}
	return openAIList
}

// listed gives the models that a key may use, the active one first, each id once.
func (s *Server) listed(key access.Key) []catalog.Model {
	all := s.everything()
	active := catalog.Model{ID: routing.ActiveModel}
	if id := s.Active(); id != "" {
		for _, m := range all {
			if m.ID == id {
				active = m
				active.ID, active.Created, active.Released = routing.ActiveModel, 0, 0
				break
			}
		}
	}
	active.Name, active.Description = "Active model", "Whatever model is active in Gatehouse"
	out := []catalog.Model{}
	if key.Allows(routing.ActiveModel) || key.Allows(s.Active()) {
		out = append(out, active)
	}
	for _, m := range all {
		if key.Allows(m.ID) {
			out = append(out, m)
		}
	}
	return out
}

// everything is every model once, the virtual ones first: a name that they share with another means them.
func (s *Server) everything() []catalog.Model {
	listed := s.Catalog().Listed()
	if s.Virtual == nil {
		return listed
	}
	all := s.Virtual()
	named := map[string]bool{}
	for _, m := range all {
		named[m.ID] = true
	}
	for _, m := range listed {
		if !named[m.ID] {
			all = append(all, m)
		}
	}
	return all
}

// onSurface is the list as a surface shows it. Claude Code's has ids that Claude Code takes, and nothing that it can't
// talk to.
func onSurface(s surface, models []catalog.Model) []catalog.Model {
	if s != claudeCode && s != codex {
		return models
	}
	out := make([]catalog.Model, 0, len(models))
	for _, m := range models {
		if m.Type != "" && m.Type != "language" {
			continue
		}
		if s == claudeCode {
			m.ID = routing.ClaudeCodePrefix + m.ID
			if m.ContextWindow >= routing.LongContext {
				m.ID += routing.LongSuffix
			}
		}
		out = append(out, m)
	}
	return out
}

// models lists the models.
func (s *Server) models(w http.ResponseWriter, r *http.Request, key access.Key) error {
	models := onSurface(surfaceOf(r), s.listed(key))
	switch shapeOf(r) {
	case anthropicList:
		list, err := anthropicPage(models, r.URL.Query())
		if err != nil {
			return err
		}
		return writeList(w, r, list)
	case geminiList:
		list, err := geminiPage(models, r.URL.Query())
		if err != nil {
			return err
		}
		return writeList(w, r, list)
	case codexList:
		return writeList(w, r, codexModels(models))
	}
	data := make([]openAIModel, len(models))
	for i, m := range models {
		data[i] = toOpenAI(m)
	}
	return writeList(w, r, openAIModels{"list", data})
}

// model gives one model, by its id as any list shows it, or its endpoints.
func (s *Server) model(w http.ResponseWriter, r *http.Request, key access.Key) error {
	id := strings.TrimPrefix(r.PathValue("id"), "models/")
	if m, ok := s.find(key, id); ok {
		m.ID = id
		switch shapeOf(r) {
		case anthropicList:
			return writeList(w, r, toAnthropic(m))
		case geminiList:
			return writeList(w, r, toGemini(m))
		}
		return writeList(w, r, toOpenAI(m))
	}
	if of, ok := strings.CutSuffix(id, "/endpoints"); ok {
		if m, ok := s.find(key, of); ok {
			return writeList(w, r, endpointsOf(m, s.entries(m)))
		}
		id = of
	}
	return llm.Errorf(llm.ErrNotFound, "the model %q is not listed; GET /v1/models lists the models there are", id).
		WithCode("model_not_found")
}

// find gives a listed model by its id, decorated or not.
func (s *Server) find(key access.Key, id string) (catalog.Model, bool) {
	plain, _ := routing.Undecorate(id)
	for _, m := range s.listed(key) {
		if m.ID == id || m.ID == plain {
			return m, true
		}
	}
	return catalog.Model{}, false
}

// entries gives what is known of a model at each provider that serves it; of the active model, of what it stands for.
func (s *Server) entries(m catalog.Model) []catalog.Model {
	id := m.ID
	if id == routing.ActiveModel {
		id = s.Active()
	}
	return s.Catalog().Entries(id)
}

// writeList writes what clients ask for again and again, so that they need not read it again where it is the same. It
// depends on the key, and on the headers that the shape depends on.
func writeList(w http.ResponseWriter, r *http.Request, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	body = append(body, '\n')
	sum := sha256.Sum256(body)
	etag := `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
	h := w.Header()
	h.Set("Etag", etag)
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Vary", "Authorization, X-Api-Key, X-Goog-Api-Key, Api-Key, X-Goog-Api-Client, Anthropic-Version")
	if matches(r.Header.Values("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", "application/json")
	_, _ = w.Write(body) // the client may be gone
	return nil
}

// matches compares as weakly as RFC 9110, section 13.1.2 wants it.
func matches(values []string, etag string) bool {
	for _, v := range values {
		for one := range strings.SplitSeq(v, ",") {
			if one = strings.TrimPrefix(strings.TrimSpace(one), "W/"); one == etag || one == "*" {
				return true
			}
		}
	}
	return false
}

func nameOf(m catalog.Model) string { return cmp.Or(m.Name, m.ID) }
