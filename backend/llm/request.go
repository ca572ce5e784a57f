package llm

import "encoding/json"

// Request is one call to a model.
type Request struct {
	Model    string
	Messages []Message
	Tools    []Tool
	// ToolChoice is nil where the caller did not say.
	ToolChoice *ToolChoice
	// MaxOutputTokens is nil where the caller did not say, as the other pointers are: unset differs from zero.
	MaxOutputTokens  *int64
	Temperature      *float64
	TopP             *float64
	TopK             *int64
	Seed             *int64
	FrequencyPenalty *float64
	PresencePenalty  *float64
	Stop             []string
	// Format is nil for plain text.
	Format *Format
	// Reasoning is nil where the caller did not say.
	Reasoning *ReasoningConfig
	// User is the caller's own id of its end user, ServiceTier the tier's name as the caller wrote it, CacheKey the
	// caller's hint which requests share a prompt prefix.
	User        string
	ServiceTier string
	CacheKey    string
	// Metadata is the caller's own object, as it came.
	Metadata json.RawMessage
	Stream   bool
	// Extra is what the caller's dialect has and this vocabulary has not. Encoders of the same dialect write it again, all
	// others tell of it in a Notice.
	Extra []Extra
}

// Extra is a member that only one dialect knows.
type Extra struct {
	Dialect Dialect
	Name    string
	Raw     json.RawMessage
}

// Format is the form that the answer shall have.
type Format struct {
	// Schema is nil for any JSON.
	Schema      json.RawMessage
	Name        string
	Description string
	Strict      *bool
}

// ReasoningConfig is how much a model shall think.
type ReasoningConfig struct {
	// Effort is none, minimal, low, medium, high, xhigh or max; empty where the caller gave a budget or nothing.
	Effort string
	// Budget is in tokens, nil where the caller gave an effort or nothing.
	Budget *int64
	// Adaptive lets the model decide.
	Adaptive bool
	// Summary asks for the reasoning's text: auto, concise or detailed; empty where the caller did not say.
	Summary string
}

// Role is who speaks a message.
type Role string

// The roles. System turns stay in the list; dialects that want them elsewhere move them.
const (
	RoleSystem    Role = "system"
	RoleUser      Role = "user"
	RoleAssistant Role = "assistant"
	RoleTool      Role = "tool"
)

// Message is one turn.
type Message struct {
	Role  Role
	Parts []Part
}

// Part is one piece of a message. The set is sealed: Text, Refusal, Reasoning, Media, ToolCall, ToolResult, Opaque.
type Part interface{ part() }

// CacheMark asks the provider to keep the prompt up to and with what it stands on.
type CacheMark struct {
	// TTL is 5m or 1h; empty is the provider's default.
	TTL string
}

// Text is plain text.
type Text struct {
	Text      string
	Citations []Citation
	Cache     *CacheMark
}

// Citation is a source of a text.
type Citation struct {
	URL, Title string
	// Cited is the source's own words.
	Cited string
	// Start and End are the range of the text that rests on it, in characters; both 0 where unknown.
	Start, End int64
	// Raw is the citation as its dialect wrote it.
	Raw Opaque
}

// Refusal is the text with which a model declines.
type Refusal struct{ Text string }

// Reasoning is a model's thinking. Signature and Opaque may go back only to Origin, which issued them.
type Reasoning struct {
	Text      string
	Signature string
	Opaque    json.RawMessage
	Origin    Origin
}

// Origin names the provider and model that issued something.
type Origin struct{ Provider, Model string }

// Media is an image, a document, audio or a file: its bytes, a URL or a provider's file id.
type Media struct {
	Data      []byte
	URL       string
	FileID    string
	MediaType string
	Filename  string
	// Detail is how closely an image shall be looked at, as OpenAI names it: low, high, auto or original.
	Detail string
	Cache  *CacheMark
}

// ToolCall asks for a tool. Input is the exact JSON text the model gave; a free-form tool's is a JSON string.
type ToolCall struct {
	ID    string
	Name  string
	Input json.RawMessage
	// Freeform tells that the tool takes text instead of an object.
	Freeform bool
	// ByProvider tells that the provider runs the tool itself.
	ByProvider bool
	// Signature is a reasoning signature that stands on the call itself, as Gemini's do; it may go back only to Origin.
	Signature string
	Origin    Origin
	Cache     *CacheMark
}

// ToolResult answers a tool call.
type ToolResult struct {
	CallID string
	// Name is the tool's, for dialects that answer by name; empty where the caller did not say.
	Name    string
	Parts   []Part
	IsError bool
	Cache   *CacheMark
}

// Opaque is something only one dialect knows, kept as it came.
type Opaque struct {
	Dialect Dialect
	Raw     json.RawMessage
}

func (Text) part()       {}
func (Refusal) part()    {}
func (Reasoning) part()  {}
func (Media) part()      {}
func (ToolCall) part()   {}
func (ToolResult) part() {}
func (Opaque) part()     {}

// Tool is a function the model may call.
type Tool struct {
	Name        string
	Description string
	// InputSchema is a JSON schema, kept as it came; nil for a free-form tool and a provider's own.
	InputSchema json.RawMessage
	Strict      *bool
	// Freeform is the grammar of a tool that takes text, as its dialect wrote it; nil for the others.
	Freeform json.RawMessage
	// Own is a tool that only its dialect's provider runs (web search and the like), kept as it came.
	Own   *Opaque
	Cache *CacheMark
}

// ToolMode is how free the model is to call tools.
type ToolMode string

// The modes. ToolNamed means the one tool that ToolChoice.Name gives.
const (
	ToolAuto     ToolMode = "auto"
	ToolNone     ToolMode = "none"
	ToolRequired ToolMode = "required"
	ToolNamed    ToolMode = "named"
)

// ToolChoice says whether and which tools the model shall call.
type ToolChoice struct {
	Mode ToolMode
	Name string
	// NoParallel forbids more than one call in a turn.
	NoParallel bool
}

// Notice tells of something that could not be carried as it was asked for.
type Notice struct {
	Field   string
	Message string
}
