package control

import "time"

// Conversation is a chat without its turns.
type Conversation struct {
	ID        string    `json:"id"`
	Title     string    `json:"title"`
	Model     string    `json:"model"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
	Turns     int       `json:"turns"`
	Pinned    bool      `json:"pinned"`
	// Configured tells that System, which goes before all turns and is empty for none, and Temperature, null for the model's
	// own, are the conversation's. Without it both are what is set for the model that is asked.
	Configured  bool     `json:"configured"`
	System      string   `json:"system"`
	Temperature *float64 `json:"temperature"`
	// Snippet is the text around what a search found; empty without a search.
	Snippet string `json:"snippet"`
}

// ChatQuery searches titles and texts; an empty query lists all.
type ChatQuery struct {
	Query string `json:"query"`
}

// ConversationList is conversations, the one used last first.
type ConversationList struct {
	Conversations []Conversation `json:"conversations"`
}

// ConversationRef names a conversation.
type ConversationRef struct {
	Conversation string `json:"conversation"`
}

// ConversationPart asks for a conversation with its turns from number First on.
type ConversationPart struct {
	Conversation string `json:"conversation"`
	First        int    `json:"first"`
}

// ConversationDetail is a conversation with its turns, oldest first, from number First on.
type ConversationDetail struct {
	Conversation Conversation `json:"conversation"`
	First        int          `json:"first"`
	Turns        []Turn       `json:"turns"`
}

// ChatFile is a picture or a PDF that goes with a user's text. Size is in bytes.
type ChatFile struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	MediaType string `json:"mediaType"`
	Size      int64  `json:"size"`
}

// NewChatFile is one that is added; Data is base64. What kind it is of is told by its content.
type NewChatFile struct {
	Name string `json:"name"`
	Data []byte `json:"data"`
}

// ChatFileRef names a file of a conversation.
type ChatFileRef struct {
	Conversation string `json:"conversation"`
	File         string `json:"file"`
}

// ChatFileContent is what a file contains, in base64.
type ChatFileContent struct {
	MediaType string `json:"mediaType"`
	Data      []byte `json:"data"`
}

// ToolCall is a tool that was called for an answer. Result is empty where none came; Failed says that it is an error.
type ToolCall struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
	Result    string `json:"result"`
	Failed    bool   `json:"failed"`
}

// TurnAttempt is one try at one provider. Outcome is a word of the usage history's; Status is 0 if no answer came.
type TurnAttempt struct {
	Provider   string `json:"provider"`
	Model      string `json:"model"`
	Outcome    string `json:"outcome"`
	Status     int    `json:"status"`
	Error      string `json:"error"`
	DurationMs int64  `json:"durationMs"`
}

// Turn is one turn of a conversation.
type Turn struct {
	ID        string    `json:"id"`
	Role      string    `json:"role" enum:"user,assistant"`
	Text      string    `json:"text"`
	Reasoning string    `json:"reasoning"`
	At        time.Time `json:"at"`
	// Files are the user's.
	Files []ChatFile `json:"files"`
	// The rest is the assistant's.
	State    string `json:"state" enum:"done,streaming,stopped,failed"`
	Error    string `json:"error"`
	Model    string `json:"model"`
	Provider string `json:"provider"`
	// Tools are the tools that were called for the answer, in order.
	Tools []ToolCall `json:"tools"`
	// Seq is the number of the last delta that Text and Reasoning hold.
	Seq int64 `json:"seq"`
	// ReasoningMs is how long the model reasoned where it showed that, so far; null where it did not.
	ReasoningMs  *int64 `json:"reasoningMs"`
	InputTokens  *int64 `json:"inputTokens"`
	OutputTokens *int64 `json:"outputTokens"`
	CostPicoUSD  *int64 `json:"costPicoUSD"`
	FirstTokenMs *int64 `json:"timeToFirstTokenMs"`
	DurationMs   *int64 `json:"durationMs"`
	// Request is the answer's line in the usage history, empty for none; Attempts are who was tried for it, in order.
	Request  string        `json:"request"`
	Attempts []TurnAttempt `json:"attempts"`
}

// ChatSend sends a user's text with files, either of which may be missing; an empty Conversation starts a new one, an empty
// Model takes the conversation's last.
type ChatSend struct {
	Conversation string        `json:"conversation"`
	Model        string        `json:"model"`
	Text         string        `json:"text"`
	Files        []NewChatFile `json:"files"`
}

// ChatRetry asks again for the last answer, from Model or, if it is empty, from the same one.
type ChatRetry struct {
	Conversation string `json:"conversation"`
	Model        string `json:"model"`
}

// ChatEdit puts another text in the place of a user's turn, whose files stay, and asks again; the turns after it are removed.
type ChatEdit struct {
	Conversation string `json:"conversation"`
	Turn         string `json:"turn"`
	Model        string `json:"model"`
	Text         string `json:"text"`
}

// TurnRef names a turn of a conversation.
type TurnRef struct {
	Conversation string `json:"conversation"`
	Turn         string `json:"turn"`
}

// ChatPin keeps a conversation before all that are not pinned, or no longer.
type ChatPin struct {
	Conversation string `json:"conversation"`
	Pinned       bool   `json:"pinned"`
}

// ChatConfigure sets a conversation's system prompt and temperature from 0 to 2; null is the model's own. Defaults takes
// what is set for the model that is asked instead of both.
type ChatConfigure struct {
	Conversation string   `json:"conversation"`
	System       string   `json:"system"`
	Temperature  *float64 `json:"temperature"`
	Defaults     bool     `json:"defaults"`
}

// ChatDefaults is what goes with messages to a model, in conversations without settings of their own.
type ChatDefaults struct {
	Model       string   `json:"model"`
	System      string   `json:"system"`
	Temperature *float64 `json:"temperature"`
}

// ChatRename sets a conversation's title.
type ChatRename struct {
	Conversation string `json:"conversation"`
	Title        string `json:"title"`
}

// ChatDelta is the event "chat.delta": what was added to a turn. Deltas may be lost; the turn's last event, "chat.turn",
// carries it whole.
type ChatDelta struct {
	Conversation string `json:"conversation"`
	Turn         string `json:"turn"`
	Seq          int64  `json:"seq"`
	Text         string `json:"text"`
	Reasoning    string `json:"reasoning"`
	ReasoningMs  *int64 `json:"reasoningMs"`
}

// ChatTurn is the event "chat.turn": a turn began, changed or ended.
type ChatTurn struct {
	Conversation string `json:"conversation"`
	Turn         Turn   `json:"turn"`
}
