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
	MaxOutputTokens *int64
	Temperature     *float64
	TopP            *float64
	Stop            []string
	Stream          bool
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

// Part is one piece of a message. The set is sealed: Text, Reasoning, Media, ToolCall, ToolResult, Opaque.
type Part interface{ part() }

// Text is plain text.
type Text struct{ Text string }

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
}

// ToolCall asks for a tool. Input is the exact JSON text the model gave.
type ToolCall struct {
	ID    string
	Name  string
	Input json.RawMessage
}

// ToolResult answers a tool call.
type ToolResult struct {
	CallID  string
	Parts   []Part
	IsError bool
}

// Opaque is something only one dialect knows, kept as it came.
type Opaque struct {
	Dialect Dialect
	Raw     json.RawMessage
}

func (Text) part()       {}
func (Reasoning) part()  {}
func (Media) part()      {}
func (ToolCall) part()   {}
func (ToolResult) part() {}
func (Opaque) part()     {}

// Tool is a function the model may call.
type Tool struct {
	Name        string
	Description string
	// InputSchema is a JSON schema, kept as it came.
	InputSchema json.RawMessage
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
