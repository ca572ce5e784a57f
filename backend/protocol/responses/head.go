package responses

import (
	"encoding/json"

	"gatehouse/backend/llm"
)

// Head is what a client's request says beside what llm.Request holds: what is to be kept at the server, and what its
// answer needs.
type Head struct {
	// PreviousResponseID is the answer that this request goes on from, empty if none. Exclusive with Conversation.
	PreviousResponseID string
	Conversation       string
	// Store is nil where the client did not say; the dialect's default is to store.
	Store      *bool
	Background bool
	// Compact tells that the input holds a compaction_trigger: the answer shall be a compaction item.
	Compact bool
	// Input are the request's own items, references resolved, a plain string as a message item. History is not in it.
	Input []json.RawMessage
	// Notices tell of what the vocabulary could not take.
	Notices []llm.Notice

	names names
	echo  map[string]json.RawMessage
}

// DecodeOptions are what DecodeRequest needs from who keeps answers. The zero value is fine where nobody does.
type DecodeOptions struct {
	// History are the items that go before the request's own: those of the previous response or conversation.
	History []json.RawMessage
	// Resolve gives the items that an item_reference or compaction item stands for; ok is false where it is unknown. An
	// unknown reference is an error, an unknown compaction stays what it is.
	Resolve func(item json.RawMessage) (items []json.RawMessage, ok bool)
}
