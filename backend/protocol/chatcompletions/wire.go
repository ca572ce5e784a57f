package chatcompletions

import "encoding/json"

// The request's members as they are written, in this order (API reference, "Create chat completion"). Those behind Stop
// are not OpenAI's own or not common.
type request struct {
	Model               string          `json:"model"`
	Messages            []message       `json:"messages"`
	Tools               []tool          `json:"tools,omitempty"`
	ToolChoice          any             `json:"tool_choice,omitempty"`
	ParallelToolCalls   *bool           `json:"parallel_tool_calls,omitempty"`
	MaxCompletionTokens *int64          `json:"max_completion_tokens,omitempty"`
	MaxTokens           *int64          `json:"max_tokens,omitempty"`
	Temperature         *float64        `json:"temperature,omitempty"`
	TopP                *float64        `json:"top_p,omitempty"`
	TopK                *int64          `json:"top_k,omitempty"`
	FrequencyPenalty    *float64        `json:"frequency_penalty,omitempty"`
	PresencePenalty     *float64        `json:"presence_penalty,omitempty"`
	Seed                *int64          `json:"seed,omitempty"`
	RandomSeed          *int64          `json:"random_seed,omitempty"`
	Stop                []string        `json:"stop,omitempty"`
	ResponseFormat      *responseFormat `json:"response_format,omitempty"`
	ReasoningEffort     string          `json:"reasoning_effort,omitempty"`
	Reasoning           *reasoning      `json:"reasoning,omitempty"`
	Thinking            *thinking       `json:"thinking,omitempty"`
	User                string          `json:"user,omitempty"`
	ServiceTier         string          `json:"service_tier,omitempty"`
	PromptCacheKey      string          `json:"prompt_cache_key,omitempty"`
	Metadata            json.RawMessage `json:"metadata,omitempty"`
	Stream              bool            `json:"stream,omitempty"`
	StreamOptions       *streamOptions  `json:"stream_options,omitempty"`
}

type streamOptions struct {
	IncludeUsage bool `json:"include_usage"`
}

type responseFormat struct {
	Type       string      `json:"type"`
	JSONSchema *jsonSchema `json:"json_schema,omitempty"`
}

type jsonSchema struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Schema      json.RawMessage `json:"schema"`
	Strict      *bool           `json:"strict,omitempty"`
}

// reasoning is the object of OpenRouter and the hosted gateway.
type reasoning struct {
	Enabled   *bool  `json:"enabled,omitempty"`
	Effort    string `json:"effort,omitempty"`
	MaxTokens *int64 `json:"max_tokens,omitempty"`
}

type thinking struct {
	Type string `json:"type"`
}

// message is one of any role; Content is a string, a list of parts, or null.
type message struct {
	Role             string            `json:"role"`
	Content          any               `json:"content"`
	Refusal          string            `json:"refusal,omitempty"`
	Name             string            `json:"name,omitempty"`
	ReasoningContent *string           `json:"reasoning_content,omitempty"`
	ReasoningDetails []json.RawMessage `json:"reasoning_details,omitempty"`
	ToolCalls        []toolCall        `json:"tool_calls,omitempty"`
	ToolCallID       string            `json:"tool_call_id,omitempty"`
	Prefix           bool              `json:"prefix,omitempty"`
}

type toolCall struct {
	ID       string        `json:"id"`
	Type     string        `json:"type"`
	Function *functionCall `json:"function,omitempty"`
	Custom   *customCall   `json:"custom,omitempty"`
	// ExtraContent is Gemini's (Gemini API, "OpenAI compatibility", thought signatures).
	ExtraContent *extraContent `json:"extra_content,omitempty"`
}

type extraContent struct {
	Google struct {
		ThoughtSignature string `json:"thought_signature"`
	} `json:"google"`
}

func signed(signature string) *extraContent {
	var x extraContent
	x.Google.ThoughtSignature = signature
	return &x
}

type functionCall struct {
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

type customCall struct {
	Name  string `json:"name"`
	Input string `json:"input"`
}

type tool struct {
	Type     string    `json:"type"`
	Function *function `json:"function,omitempty"`
	Custom   *custom   `json:"custom,omitempty"`
}

type function struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Parameters  json.RawMessage `json:"parameters,omitempty"`
	Strict      *bool           `json:"strict,omitempty"`
}

type custom struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Format      json.RawMessage `json:"format,omitempty"`
}

type namedChoice struct {
	Type     string    `json:"type"`
	Function *toolName `json:"function,omitempty"`
	Custom   *toolName `json:"custom,omitempty"`
}

type toolName struct {
	Name string `json:"name"`
}

// cacheControl is Anthropic's mark, as OpenRouter and the hosted gateway take it.
type cacheControl struct {
	Type string `json:"type"`
	TTL  string `json:"ttl,omitempty"`
}

type textPart struct {
	Type         string        `json:"type"`
	Text         string        `json:"text"`
	CacheControl *cacheControl `json:"cache_control,omitempty"`
}

type imagePart struct {
	Type         string        `json:"type"`
	ImageURL     imageURL      `json:"image_url"`
	CacheControl *cacheControl `json:"cache_control,omitempty"`
}

type imageURL struct {
	URL    string `json:"url"`
	Detail string `json:"detail,omitempty"`
}

type audioPart struct {
	Type       string     `json:"type"`
	InputAudio inputAudio `json:"input_audio"`
}

type inputAudio struct {
	Data   string `json:"data"`
	Format string `json:"format"`
}

type filePart struct {
	Type         string        `json:"type"`
	File         fileData      `json:"file"`
	CacheControl *cacheControl `json:"cache_control,omitempty"`
}

// documentPart is Mistral's (Mistral API, "Document QnA").
type documentPart struct {
	Type        string `json:"type"`
	DocumentURL string `json:"document_url"`
	Name        string `json:"document_name,omitempty"`
}

type fileData struct {
	FileData string `json:"file_data,omitempty"`
	FileID   string `json:"file_id,omitempty"`
	Filename string `json:"filename,omitempty"`
	// Data and MediaType are the hosted gateway's.
	Data      string `json:"data,omitempty"`
	MediaType string `json:"media_type,omitempty"`
}
