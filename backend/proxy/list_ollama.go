package proxy

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"gatehouse/backend/access"
	"gatehouse/backend/catalog"
	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
)

// ollamaRelease is the release of Ollama whose protocol this is. Editors compare it with the least that they take, and
// read numbers only.
const ollamaRelease = "0.20.0"

// leastContext is what editors are told of a model whose context nobody knows, in tokens: nearly every model has it. Told
// nothing, Copilot takes 4096, in which no agent can work.
const leastContext int64 = 32_768

func (s *Server) ollamaVersion(w http.ResponseWriter, r *http.Request, _ access.Key) error {
	return writeList(w, r, map[string]string{"version": ollamaRelease})
}

type ollamaModels struct {
	Models []ollamaModel `json:"models"`
}

// ollamaModel is a model in Ollama's list (API reference, "List local models"). It has no file here, so there is no size.
type ollamaModel struct {
	Name         string        `json:"name"`
	Model        string        `json:"model"`
	ModifiedAt   string        `json:"modified_at"`
	Size         int64         `json:"size"`
	Digest       string        `json:"digest"`
	Details      ollamaDetails `json:"details"`
	Capabilities []string      `json:"capabilities"`
}

// ollamaDetails are a model's details. What is not known is empty, as in Ollama's own for models elsewhere.
type ollamaDetails struct {
	ParentModel       string   `json:"parent_model"`
	Format            string   `json:"format"`
	Family            string   `json:"family"`
	Families          []string `json:"families"`
	ParameterSize     string   `json:"parameter_size"`
	QuantizationLevel string   `json:"quantization_level"`
	ContextLength     int64    `json:"context_length,omitempty"` // tokens
}

// ollamaShown is all about one model (API reference, "Show model details").
type ollamaShown struct {
	Modelfile    string         `json:"modelfile"`
	Parameters   string         `json:"parameters"`
	Template     string         `json:"template"`
	Details      ollamaDetails  `json:"details"`
	ModelInfo    map[string]any `json:"model_info"`
	Capabilities []string       `json:"capabilities"`
	ModifiedAt   string         `json:"modified_at"`
}

// ollamaTags lists the models that can be talked to or asked for embeddings.
func (s *Server) ollamaTags(w http.ResponseWriter, r *http.Request, key access.Key) error {
	list := ollamaModels{[]ollamaModel{}}
	for _, m := range s.listed(key) {
		if can := abilities(m); len(can) > 0 {
			digest := sha256.Sum256([]byte(m.ID))
			list.Models = append(list.Models, ollamaModel{
				Name: m.ID, Model: m.ID, ModifiedAt: modifiedAt(m), Digest: hex.EncodeToString(digest[:]), Details: detailsOf(m),
				Capabilities: can,
			})
		}
	}
	return writeList(w, r, list)
}

// ollamaLoaded lists the models in this machine's memory, which are none of ours.
func (s *Server) ollamaLoaded(w http.ResponseWriter, r *http.Request, _ access.Key) error {
	return writeList(w, r, ollamaModels{[]ollamaModel{}})
}

func (s *Server) ollamaShow(w http.ResponseWriter, r *http.Request, key access.Key) error {
	body, err := s.readBody(w, r)
	if err != nil {
		return err
	}
	defer body.release()
	head, err := protocol.OllamaHead(body.data)
	if err != nil {
		return err
	}
	m, ok := s.find(key, s.untagged(head.Model))
	if !ok {
		return unlisted(head.Model)
	}
	details := detailsOf(m)
	// Editors show the basename, and look for the context under the architecture's name, which may hold no point.
	info := map[string]any{
		"general.architecture": details.Family, "general.basename": nameOf(m),
		details.Family + ".context_length": cmp.Or(m.ContextWindow, leastContext),
	}
	return writeList(w, r, ollamaShown{
		Modelfile: "FROM " + m.ID + "\n", Template: "{{ .Prompt }}", Details: details, ModelInfo: info, Capabilities: abilities(m),
		ModifiedAt: modifiedAt(m),
	})
}

func unlisted(name string) *llm.Error {
	return llm.Errorf(llm.ErrNotFound, "model %q not found; GET /api/tags lists the models there are", name).WithCode("model_not_found")
}

func detailsOf(m catalog.Model) ollamaDetails {
	family := strings.Map(func(r rune) rune {
		if r == '.' {
			return '-'
		}
		return r
	}, strings.ToLower(creatorOf(m.ID)))
	return ollamaDetails{Family: family, Families: []string{family}, ContextLength: m.ContextWindow}
}

// modifiedAt is when a model came out, or was listed first; where nobody knows, the beginning of time, since Ollama's
// clients demand one.
func modifiedAt(m catalog.Model) string {
	at := m.Released
	if at == 0 {
		at = m.Created
	}
	return time.Unix(at, 0).UTC().Format(time.RFC3339)
}

// abilities are a model's in Ollama's words, none for one that neither answers nor embeds. Editors hide a model without
// tools from their agents, so where nothing is known of a model it has them: nearly every one does.
func abilities(m catalog.Model) []string {
	switch m.Type {
	case "", "language":
	case "embedding":
		return []string{"embedding"}
	default:
		return nil
	}
	out := []string{"completion"}
	told := gjson.ParseBytes(m.Capabilities)
	add := func(word, tag, parameter, path string) {
		if slices.Contains(m.Tags, tag) || slices.Contains(m.Parameters, parameter) || told.Get(path+".supported").Bool() {
			out = append(out, word)
		}
	}
	if len(m.Tags) == 0 && len(m.Parameters) == 0 {
		out = append(out, "tools")
	} else {
		add("tools", "tool-use", "tools", "tool_use")
	}
	if slices.Contains(m.InputModalities, "image") {
		out = append(out, "vision")
	} else {
		add("vision", "vision", "", "image_input")
	}
	add("thinking", "reasoning", "reasoning", "thinking")
	return out
}
