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
	// System goes before all turns, empty for none; Temperature is null for the model's own.
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

// ConversationDetail is a conversation with its turns, oldest first.
type ConversationDetail struct {
	Conversation Conversation `json:"conversation"`
	Turns        []Turn       `json:"turns"`
}

// Turn is one turn of a conversation.
type Turn struct {
	ID        string    `json:"id"`
	Role      string    `json:"role" enum:"user,assistant"`
	Text      string    `json:"text"`
	Reasoning string    `json:"reasoning"`
	At        time.Time `json:"at"`
	// The rest is the assistant's.
	State    string `json:"state" enum:"done,streaming,stopped,failed"`
	Error    string `json:"error"`
	Model    string `json:"model"`
	Provider string `json:"provider"`
	// Seq is the number of the last delta that Text and Reasoning hold.
	Seq          int64  `json:"seq"`
	InputTokens  *int64 `json:"inputTokens"`
	OutputTokens *int64 `json:"outputTokens"`
	CostPicoUSD  *int64 `json:"costPicoUSD"`
	FirstTokenMs *int64 `json:"timeToFirstTokenMs"`
	DurationMs   *int64 `json:"durationMs"`
}

// ChatSend sends a user's text; an empty Conversation starts a new one, an empty Model takes the conversation's last.
type ChatSend struct {
	Conversation string `json:"conversation"`
	Model        string `json:"model"`
	Text         string `json:"text"`
}

// ChatRetry asks again for the last answer, from Model or, if it is empty, from the same one.
type ChatRetry struct {
	Conversation string `json:"conversation"`
	Model        string `json:"model"`
}

// ChatEdit puts another text in the place of a user's turn and asks again; the turns after it are removed.
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

// ChatConfigure sets a conversation's system prompt and temperature from 0 to 2; null is the model's own.
type ChatConfigure struct {
	Conversation string   `json:"conversation"`
	System       string   `json:"system"`
	Temperature  *float64 `json:"temperature"`
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
}

// ChatTurn is the event "chat.turn": a turn began, changed or ended.
type ChatTurn struct {
	Conversation string `json:"conversation"`
	Turn         Turn   `json:"turn"`
}
