package chatcompletions

import (
	"bytes"
	"slices"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/fit"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/protocol/jsonwrite"
)

// settings writes limits, sampling and stop sequences.
func (e *encoder) settings(req *llm.Request, out *request) error {
	if e.opts.OldTokenLimit {
		out.MaxTokens = req.MaxOutputTokens
	} else {
		out.MaxCompletionTokens = req.MaxOutputTokens
	}
	if req.Stream && !e.opts.NoStreamOptions {
		out.StreamOptions = &streamOptions{IncludeUsage: true}
	}
	e.sampling(req, out)
	limit := e.opts.StopLimit()
	switch {
	case len(req.Stop) == 0:
	case limit == 0:
		return llm.Errorf(llm.ErrBadRequest, "stop: the model takes no stop sequences in %s; leave them out", llm.ChatCompletions)
	case limit > 0 && len(req.Stop) > limit:
		return llm.Errorf(llm.ErrBadRequest, "stop: the provider takes at most %d stop sequences in %s, not %d", limit,
			llm.ChatCompletions, len(req.Stop))
	}
	out.Stop = req.Stop
	return nil
}

func (e *encoder) sampling(req *llm.Request, out *request) {
	if req.TopK != nil {
		if e.opts.TopK {
			out.TopK = req.TopK
		} else {
			e.leftOut("top_k")
		}
	}
	if e.opts.SeedName == "random_seed" {
		out.RandomSeed = req.Seed
	} else {
		out.Seed = req.Seed
	}
	if !e.opts.NoSampling {
		out.Temperature, out.TopP = req.Temperature, req.TopP
		out.FrequencyPenalty, out.PresencePenalty = req.FrequencyPenalty, req.PresencePenalty
		return
	}
	for _, f := range []struct {
		name  string
		value *float64
	}{
		{"temperature", req.Temperature},
		{"top_p", req.TopP},
		{"frequency_penalty", req.FrequencyPenalty},
		{"presence_penalty", req.PresencePenalty},
	} {
		if f.value != nil {
			e.notice(f.name, "the model refuses it, so it was left out")
		}
	}
}

// format writes the form of the answer. Where the server knows no schemas, the model is told of it in words.
func (e *encoder) format(req *llm.Request, out *request) error {
	f := req.Format
	switch {
	case f == nil:
	case f.Schema == nil:
		out.ResponseFormat = &responseFormat{Type: "json_object"}
		if !mentionsJSON(req.Messages) { // which OpenAI demands
			e.system = append(e.system, "Answer with one JSON object and nothing else.")
		}
	case e.opts.NoSchema:
		out.ResponseFormat = &responseFormat{Type: "json_object"}
		e.system = append(e.system, "Answer with one JSON object that fits this JSON schema, and nothing else:\n"+string(f.Schema))
		e.notice("response_format", "the provider knows no schemas, so the model was told of it in the system message")
	default:
		name := f.Name
		if name == "" {
			name = "answer"
		}
		out.ResponseFormat = &responseFormat{"json_schema", &jsonSchema{fit.Plain(name, fit.MaxName), f.Description, f.Schema, f.Strict}}
	}
	return nil
}

func mentionsJSON(messages []llm.Message) bool {
	for _, m := range messages {
		for _, p := range m.Parts {
			if t, ok := p.(llm.Text); ok && strings.Contains(strings.ToLower(t.Text), "json") {
				return true
			}
		}
	}
	return false
}

// assumedOutput is what an answer may have where neither the request nor the catalog says.
const assumedOutput = 32_000

// reasoning writes how much the model shall think; a budget becomes the effort whose share of the output it covers.
func (e *encoder) reasoning(req *llm.Request, out *request) {
	r := req.Reasoning
	if r == nil {
		return
	}
	if e.opts.Details {
		out.Reasoning = &reasoning{Effort: r.Effort}
		switch {
		case r.Effort != "": // the two exclude each other
		case r.Budget != nil:
			out.Reasoning.MaxTokens = r.Budget
		default:
			out.Reasoning.Enabled = new(true)
		}
		return
	}
	effort := r.Effort
	if effort == "" && r.Budget != nil {
		limit := e.opts.MaxOutput
		if limit <= 0 {
			limit = assumedOutput
		}
		effort = fit.Effort(*r.Budget, limit)
		e.notice("reasoning", "the budget was turned into the effort "+effort)
	}
	if e.opts.ThinkingSwitch && (effort != "" || r.Adaptive) {
		out.Thinking = &thinking{"enabled"}
		if effort == "none" {
			out.Thinking.Type = "disabled"
			return
		}
	}
	switch {
	case effort == "" && !r.Adaptive || effort == "":
	case e.opts.NoEffort:
		if out.Thinking == nil {
			e.notice("reasoning", "the model has no efforts to choose from, so it was left out")
		}
	case effort == "none" && len(e.opts.Efforts) > 0 && !slices.Contains(e.opts.Efforts, "none"):
		out.ReasoningEffort = fit.Nearest("minimal", e.opts.Efforts)
		e.notice("reasoning", "the model always reasons; it got the effort "+out.ReasoningEffort)
	case effort == "none" || len(e.opts.Efforts) == 0:
		out.ReasoningEffort = effort
	default:
		if out.ReasoningEffort = fit.Nearest(effort, e.opts.Efforts); out.ReasoningEffort != effort {
			e.notice("reasoning", "the effort "+effort+" became "+out.ReasoningEffort+", the nearest that the model has")
		}
	}
}

// identity writes who asks and how the call shall be served.
func (e *encoder) identity(req *llm.Request, out *request) {
	tier := req.ServiceTier
	if tier == "standard_only" { // Anthropic's word
		tier = "default"
	}
	if e.opts.Lean {
		for _, f := range []struct {
			name string
			set  bool
		}{
			{"user", req.User != ""},
			{"service_tier", tier != "" && tier != "auto"},
			{"prompt_cache_key", req.CacheKey != ""},
			{"metadata", len(req.Metadata) > 0},
		} {
			if f.set {
				e.leftOut(f.name)
			}
		}
		return
	}
	out.User, out.ServiceTier, out.PromptCacheKey, out.Metadata = req.User, tier, req.CacheKey, req.Metadata
	if len(out.PromptCacheKey) > fit.MaxName {
		out.PromptCacheKey = fit.Plain(out.PromptCacheKey, fit.MaxName)
	}
	switch tier {
	case "", "auto", "default", "flex", "scale", "priority", "fast":
	default:
		out.ServiceTier = ""
		e.leftOut("service_tier")
	}
}

// extra writes this dialect's own members again and tells of the others'.
func (e *encoder) extra(list []llm.Extra) ([]byte, error) {
	var out []byte
	for _, x := range list {
		if x.Dialect != llm.ChatCompletions {
			e.notice(x.Name, "only "+x.Dialect.String()+" knows it, so it was left out")
			continue
		}
		if !jsonread.Valid(x.Raw) {
			return nil, llm.Errorf(llm.ErrBadRequest, "%s holds JSON that is not valid", x.Name)
		}
		out = append(append(append(append(out, ','), jsonwrite.AppendString(nil, x.Name)...), ':'), bytes.TrimSpace(x.Raw)...)
	}
	return out, nil
}
