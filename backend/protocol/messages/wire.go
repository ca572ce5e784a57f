package messages

import (
	"encoding/json"

	"gatehouse/backend/protocol/jsonwrite"
)

// The request's members as they are written, in this order (API reference, "Create a Message").
type request struct {
	Model         string        `json:"model"`
	MaxTokens     int64         `json:"max_tokens"`
	System        []any         `json:"system,omitempty"`
	Messages      []turn        `json:"messages"`
	Tools         []any         `json:"tools,omitempty"`
	ToolChoice    *toolChoice   `json:"tool_choice,omitempty"`
	Thinking      *thinking     `json:"thinking,omitempty"`
	OutputConfig  members       `json:"output_config,omitempty"`
	Temperature   *float64      `json:"temperature,omitempty"`
	TopP          *float64      `json:"top_p,omitempty"`
	TopK          *int64        `json:"top_k,omitempty"`
	StopSequences []string      `json:"stop_sequences,omitempty"`
	Metadata      members       `json:"metadata,omitempty"`
	ServiceTier   string        `json:"service_tier,omitempty"`
	CacheControl  *cacheControl `json:"cache_control,omitempty"`
	Stream        bool          `json:"stream,omitempty"`
}

type thinking struct {
	Type         string `json:"type"`
	BudgetTokens int64  `json:"budget_tokens,omitempty"`
	Display      string `json:"display,omitempty"`
}

type outputFormat struct {
	Type   string          `json:"type"`
	Schema json.RawMessage `json:"schema"`
}

// members is an object whose members come from several sides.
type members []member

type member struct {
	name  string
	value any
}

// MarshalJSON writes the members in their order.
func (m members) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, own := range m {
		if i > 0 {
			out = append(out, ',')
		}
		value, err := marshal(own.value, 0)
		if err != nil {
			return nil, err
		}
		out = append(append(jsonwrite.AppendString(out, own.name), ':'), value...)
	}
	return append(out, '}'), nil
}

type turn struct {
	Role    string `json:"role"`
	Content []any  `json:"content"`
}

// cacheControl is a mark. Blocks that can have one are pointers, so that surplus ones can be taken off again.
type cacheControl struct {
	Type string `json:"type"`
	TTL  string `json:"ttl,omitempty"`
}

type textBlock struct {
	Type         string            `json:"type"`
	Text         string            `json:"text"`
	Citations    []json.RawMessage `json:"citations,omitempty"`
	CacheControl *cacheControl     `json:"cache_control,omitempty"`
}

type thinkingBlock struct {
	Type      string `json:"type"`
	Thinking  string `json:"thinking"`
	Signature string `json:"signature"`
}

type toolUseBlock struct {
	Type         string          `json:"type"`
	ID           string          `json:"id"`
	Name         string          `json:"name"`
	Input        json.RawMessage `json:"input"`
	CacheControl *cacheControl   `json:"cache_control,omitempty"`
}

type toolResultBlock struct {
	Type         string        `json:"type"`
	ToolUseID    string        `json:"tool_use_id"`
	Content      []any         `json:"content,omitempty"`
	IsError      bool          `json:"is_error,omitempty"`
	CacheControl *cacheControl `json:"cache_control,omitempty"`
}

// mediaBlock is an image or a document.
type mediaBlock struct {
	Type         string        `json:"type"`
	Source       mediaSource   `json:"source"`
	Title        string        `json:"title,omitempty"`
	CacheControl *cacheControl `json:"cache_control,omitempty"`
}

type mediaSource struct {
	Type      string `json:"type"`
	MediaType string `json:"media_type,omitempty"`
	Data      string `json:"data,omitempty"`
	URL       string `json:"url,omitempty"`
	FileID    string `json:"file_id,omitempty"`
}

type tool struct {
	Name         string          `json:"name"`
	Description  string          `json:"description,omitempty"`
	InputSchema  json.RawMessage `json:"input_schema"`
	Strict       *bool           `json:"strict,omitempty"`
	CacheControl *cacheControl   `json:"cache_control,omitempty"`
}

type toolChoice struct {
	Type            string `json:"type"`
	Name            string `json:"name,omitempty"`
	DisableParallel bool   `json:"disable_parallel_tool_use,omitempty"`
}
