package responses

import (
	"encoding/json"
	"slices"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/fit"
)

type functionDefinition struct {
	Type        string          `json:"type"`
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Parameters  json.RawMessage `json:"parameters"`
	Strict      bool            `json:"strict"`
}

type customDefinition struct {
	Type        string          `json:"type"`
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Format      json.RawMessage `json:"format,omitempty"`
}

// tool writes a tool, nil for one that is left out. strict is always said: leaving it out asks for it in this dialect,
// and in no other.
func (e *requestEncoder) tool(t llm.Tool) (json.RawMessage, error) {
	if t.Cache != nil {
		e.noCacheMarks()
	}
	switch {
	case t.Own != nil && t.Own.Dialect == llm.Responses:
		return t.Own.Raw, nil
	case t.Own != nil:
		e.notice("tools", "a tool that only "+t.Own.Dialect.String()+" knows was left out")
		return nil, nil
	case t.Freeform != nil && e.opts.NoFreeform:
		out := functionDefinition{Type: "function", Name: e.names.Out(t.Name), Description: fit.FreeformDescription(t), Parameters: fit.FreeformSchema}
		return marshal(out, 0)
	case t.Freeform != nil:
		out := customDefinition{Type: "custom", Name: e.names.Out(t.Name), Description: t.Description}
		if strings.HasPrefix(strings.TrimSpace(string(t.Freeform)), "{") {
			out.Format = t.Freeform
		}
		return marshal(out, 0)
	}
	out := functionDefinition{"function", e.names.Out(t.Name), t.Description, t.InputSchema, t.Strict != nil && *t.Strict}
	if len(out.Parameters) == 0 {
		out.Parameters = json.RawMessage(`{"type":"object","properties":{}}`)
	}
	return marshal(out, 0)
}

// nested appends the extra members that belong inside another, and closes the object. It gives nil for an empty one.
func nested(b []byte, parent string, extras []llm.Extra) json.RawMessage {
	for _, x := range extras {
		if name, ok := strings.CutPrefix(x.Name, parent+"."); ok {
			b = append(append(appendString(append(b, ','), name), ':'), x.Raw...)
		}
	}
	if len(b) == 0 {
		return nil
	}
	b[0] = '{'
	return append(b, '}')
}

// reasoning writes how much the model shall think. Each member begins with a comma; nested makes the first a brace.
func (e *requestEncoder) reasoning(c *llm.ReasoningConfig, limit *int64, extras []llm.Extra) json.RawMessage {
	var b []byte
	if c != nil {
		effort := c.Effort
		if effort == "" && c.Budget != nil && !c.Adaptive {
			effort = effortOf(*c.Budget, limit)
			e.notice("reasoning", "the budget of thinking tokens was sent as the effort "+effort)
		}
		if slices.Contains(efforts, effort) {
			b = appendString(append(b, `,"effort":`...), effort)
		}
		if c.Summary != "" {
			b = appendString(append(b, `,"summary":`...), c.Summary)
		}
	}
	return nested(b, "reasoning", extras)
}

// effortOf gives the effort nearest to a budget: by its share of the output limit, else by its size. The shares are
// those of the AI SDK, so that an effort which became a budget becomes itself again.
func effortOf(budget int64, limit *int64) string {
	if budget <= 0 {
		return "none"
	}
	total := int64(32_000)
	if limit != nil && *limit > budget {
		total = *limit
	}
	switch percent := budget * 100 / total; {
	case percent <= 2:
		return "minimal"
	case percent <= 20:
		return "low"
	case percent <= 45:
		return "medium"
	case percent <= 75:
		return "high"
	}
	return "xhigh"
}

type formatObject struct {
	Type        string          `json:"type"`
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Schema      json.RawMessage `json:"schema"`
	Strict      bool            `json:"strict"`
}

// textConfig writes the form of the answer's text.
func textConfig(f *llm.Format, extras []llm.Extra) (json.RawMessage, error) {
	var b []byte
	switch {
	case f == nil:
	case f.Schema == nil:
		b = append(b, `,"format":{"type":"json_object"}`...)
	default:
		out := formatObject{"json_schema", f.Name, f.Description, f.Schema, f.Strict != nil && *f.Strict}
		if out.Name == "" {
			out.Name = "response" // the API demands one
		}
		out.Name = fit.Plain(out.Name, maxName)
		raw, err := marshal(out, 0)
		if err != nil {
			return nil, err
		}
		b = append(append(b, `,"format":`...), raw...)
	}
	return nested(b, "text", extras), nil
}
