package proxy

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"time"

	"gatehouse/backend/catalog"
	"gatehouse/backend/llm"
)

// pageLimit is how many models a page has at most. It is also how many it has where the client does not say, more than
// the vendors' own, since not every client turns pages.
const pageLimit = 1000

type anthropicModels struct {
	Data    []anthropicModel `json:"data"`
	HasMore bool             `json:"has_more"`
	FirstID *string          `json:"first_id"`
	LastID  *string          `json:"last_id"`
}

// anthropicModel is a model in Anthropic's list (API reference, "Models"). Null is unknown; where CreatedAt is, the
// reference gives the epoch.
type anthropicModel struct {
	Type         string          `json:"type"`
	ID           string          `json:"id"`
	DisplayName  string          `json:"display_name"`
	CreatedAt    string          `json:"created_at"`
	MaxInput     *int64          `json:"max_input_tokens"`
	MaxTokens    *int64          `json:"max_tokens"`
	Capabilities json.RawMessage `json:"capabilities"`
}

func toAnthropic(m catalog.Model) anthropicModel {
	at := m.Released
	if at == 0 {
		at = m.Created
	}
	return anthropicModel{
		Type: "model", ID: m.ID, DisplayName: nameOf(m), CreatedAt: time.Unix(at, 0).UTC().Format(time.RFC3339),
		MaxInput: orNull(m.ContextWindow), MaxTokens: orNull(m.MaxOutput), Capabilities: m.Capabilities,
	}
}

// anthropicPage gives the page that limit, after_id and before_id ask for.
func anthropicPage(models []catalog.Model, q url.Values) (anthropicModels, error) {
	limit, err := pageSize(q, "limit")
	if err != nil {
		return anthropicModels{}, err
	}
	after, before := q.Get("after_id"), q.Get("before_id")
	if after != "" && before != "" {
		return anthropicModels{}, llm.Errorf(llm.ErrBadRequest, "after_id and before_id can't both be given").WithCode("invalid_page")
	}
	from, to := 0, len(models)
	if cursor := after + before; cursor != "" {
		at := slices.IndexFunc(models, func(m catalog.Model) bool { return m.ID == cursor })
		if at < 0 {
			return anthropicModels{}, llm.Errorf(llm.ErrBadRequest, "there is no model %q to turn pages at; ask for the first page again", cursor).
				WithCode("invalid_page")
		}
		if after != "" {
			from = at + 1
		} else {
			to = at
		}
	}
	list := anthropicModels{Data: []anthropicModel{}, HasMore: to-from > limit}
	if before != "" {
		from = max(from, to-limit)
	} else {
		to = min(to, from+limit)
	}
	for _, m := range models[from:to] {
		list.Data = append(list.Data, toAnthropic(m))
	}
	if n := len(list.Data); n > 0 {
		list.FirstID, list.LastID = &list.Data[0].ID, &list.Data[n-1].ID
	}
	return list, nil
}

func pageSize(q url.Values, name string) (int, error) {
	text := q.Get(name)
	if text == "" {
		return pageLimit, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, llm.Errorf(llm.ErrBadRequest, "%s must be a number from 1 to %d, not %q", name, pageLimit, text).WithCode("invalid_page")
	}
	return min(n, pageLimit), nil
}

type geminiModels struct {
	Models []geminiModel `json:"models"`
	Next   string        `json:"nextPageToken,omitempty"`
}

// geminiModel is a model in Google's list (Gemini API reference, "Models").
type geminiModel struct {
	Name        string   `json:"name"`
	Version     string   `json:"version,omitempty"`
	DisplayName string   `json:"displayName"`
	Description string   `json:"description,omitempty"`
	InputLimit  int64    `json:"inputTokenLimit,omitempty"`
	OutputLimit int64    `json:"outputTokenLimit,omitempty"`
	Methods     []string `json:"supportedGenerationMethods"`
	Thinking    bool     `json:"thinking,omitempty"`
}

func toGemini(m catalog.Model) geminiModel {
	g := geminiModel{
		Name: "models/" + m.ID, DisplayName: nameOf(m), Description: m.Description, InputLimit: m.ContextWindow,
		OutputLimit: m.MaxOutput, Methods: []string{}, Thinking: slices.Contains(m.Tags, "reasoning"),
	}
	switch m.Type {
	case "", "language":
		g.Methods = []string{"generateContent", "streamGenerateContent"}
	case "embedding":
		g.Methods = []string{"embedContent", "batchEmbedContents"}
	}
	return g
}

// geminiPage gives the page that pageSize and pageToken ask for. A token is the last id of the page before.
func geminiPage(models []catalog.Model, q url.Values) (geminiModels, error) {
	size, err := pageSize(q, "pageSize")
	if err != nil {
		return geminiModels{}, err
	}
	if token := q.Get("pageToken"); token != "" {
		last, err := base64.RawURLEncoding.DecodeString(token)
		at := slices.IndexFunc(models, func(m catalog.Model) bool { return m.ID == string(last) })
		if err != nil || at < 0 {
			return geminiModels{}, llm.Errorf(llm.ErrBadRequest, "the pageToken is none of this list; ask for the first page again").
				WithCode("invalid_page")
		}
		models = models[at+1:]
	}
	list := geminiModels{Models: []geminiModel{}}
	if len(models) > size {
		models = models[:size]
		list.Next = base64.RawURLEncoding.EncodeToString([]byte(models[size-1].ID))
	}
	for _, m := range models {
		list.Models = append(list.Models, toGemini(m))
	}
	return list, nil
}
