package proxy

import (
	"bytes"
	"encoding/json"
	"net/http"

	"gatehouse/backend/access"
	"gatehouse/backend/answers"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/protocol/responses"
)

// mostItems is how many items may be added to a conversation at once (OpenAI API reference, "Create items").
const mostItems = 20

func unknownConversation(id string) *llm.Error {
	return llm.Errorf(llm.ErrNotFound, "Conversation with id '%s' not found.", id).WithParam("conversation")
}

type conversationObject struct {
	ID        string          `json:"id"`
	Object    string          `json:"object"`
	CreatedAt int64           `json:"created_at"`
	Metadata  json.RawMessage `json:"metadata"`
}

func writeConversation(w http.ResponseWriter, c answers.Conversation) error {
	if len(c.Metadata) == 0 {
		c.Metadata = json.RawMessage("{}")
	}
	return writeObject(w, conversationObject{c.ID, "conversation", c.CreatedAt.Unix(), c.Metadata})
}

// readObject reads a body that is an object or empty.
func (s *Server) readObject(w http.ResponseWriter, r *http.Request) (jsonread.Value, error) {
	body, err := s.readBody(w, r)
	if err != nil {
		return jsonread.Value{}, err
	}
	defer body.release()
	if len(body.data) == 0 {
		return jsonread.Of("{}"), nil
	}
	v := jsonread.Of(bytes.Clone(body.data)) // it outlives the body
	if !jsonread.Valid(body.data) || !v.IsObject() {
		return jsonread.Value{}, llm.Errorf(llm.ErrBadRequest, "the request body must be a JSON object").WithCode("invalid_json")
	}
	return v, nil
}

func metadataOf(v jsonread.Value) (json.RawMessage, error) {
	m := v.Get("metadata")
	if !m.Exists() || m.Type() == jsonread.Null {
		return nil, nil
	}
	if !m.IsObject() {
		return nil, llm.Errorf(llm.ErrBadRequest, "metadata must be an object").WithParam("metadata")
	}
	return json.RawMessage(m.Raw()), nil
}

// itemsOf reads items for a conversation, each with an id.
func itemsOf(v jsonread.Value, owner string) ([]json.RawMessage, error) {
	list := v.Get("items")
	var items []json.RawMessage
	for _, item := range list.Array() {
		if !item.IsObject() {
			return nil, llm.Errorf(llm.ErrBadRequest, "items must be a list of objects").WithParam("items")
		}
		items = append(items, json.RawMessage(item.Raw()))
	}
	if len(items) > mostItems {
		return nil, llm.Errorf(llm.ErrBadRequest, "%d items at once are too many; send up to %d", len(items), mostItems).
			WithParam("items")
	}
	return responses.Listed(items, owner, 0), nil
}

// newID makes an id of a kind.
func (s *Server) newID(prefix string) string {
	return prefix + gateway.NewRequestID(s.now())[len("req_"):]
}

// createConversation serves POST /v1/conversations (OpenAI API reference, "Conversations").
func (s *Server) createConversation(w http.ResponseWriter, r *http.Request, key access.Key) error {
	v, err := s.readObject(w, r)
	if err != nil {
		return err
	}
	metadata, err := metadataOf(v)
	if err != nil {
		return err
	}
	id := s.newID("conv_")
	items, err := itemsOf(v, id)
	if err != nil {
		return err
	}
	c, err := s.Answers.NewConversation(key.ID, id, metadata, items)
	if err != nil {
		return err
	}
	return writeConversation(w, c)
}

func (s *Server) conversation(w http.ResponseWriter, r *http.Request, key access.Key) error {
	c, ok := s.Answers.Conversation(key.ID, r.PathValue("id"))
	if !ok {
		return unknownConversation(r.PathValue("id"))
	}
	return writeConversation(w, c)
}

func (s *Server) updateConversation(w http.ResponseWriter, r *http.Request, key access.Key) error {
	v, err := s.readObject(w, r)
	if err != nil {
		return err
	}
	metadata, err := metadataOf(v)
	if err != nil {
		return err
	}
	c, ok, err := s.Answers.SetMetadata(key.ID, r.PathValue("id"), metadata)
	if err != nil {
		return err
	}
	if !ok {
		return unknownConversation(r.PathValue("id"))
	}
	return writeConversation(w, c)
}

func (s *Server) deleteConversation(w http.ResponseWriter, r *http.Request, key access.Key) error {
	id := r.PathValue("id")
	ok, err := s.Answers.DeleteConversation(key.ID, id)
	if err != nil {
		return err
	}
	if !ok {
		return unknownConversation(id)
	}
	return writeObject(w, map[string]any{"id": id, "object": "conversation.deleted", "deleted": true})
}

// conversationItems serves GET /v1/conversations/{id}/items, and one of them with its id behind.
func (s *Server) conversationItems(w http.ResponseWriter, r *http.Request, key access.Key) error {
	items, _, ok, err := s.Answers.Items(key.ID, r.PathValue("id"))
	if err != nil {
		return err
	}
	if !ok {
		return unknownConversation(r.PathValue("id"))
	}
	one := r.PathValue("item")
	if one == "" {
		return writeItems(w, items, r.URL.Query())
	}
	for _, item := range items {
		if itemID(item) == one {
			return writeRaw(w, item)
		}
	}
	return unknownItem(one)
}

func unknownItem(id string) *llm.Error {
	return llm.Errorf(llm.ErrNotFound, "Item with id '%s' not found in the conversation.", id)
}

func (s *Server) addConversationItems(w http.ResponseWriter, r *http.Request, key access.Key) error {
	v, err := s.readObject(w, r)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	items, err := itemsOf(v, s.newID("conv_"))
	if err != nil {
		return err
	}
	if len(items) == 0 {
		return llm.Errorf(llm.ErrBadRequest, "items must be a list of at least one item").WithParam("items")
	}
	ok, err := s.Answers.Append(key.ID, id, items)
	if err != nil {
		return err
	}
	if !ok {
		return unknownConversation(id)
	}
	return writeItemPage(w, items, false)
}

func (s *Server) deleteConversationItem(w http.ResponseWriter, r *http.Request, key access.Key) error {
	id := r.PathValue("id")
	if _, ok := s.Answers.Conversation(key.ID, id); !ok {
		return unknownConversation(id)
	}
	c, ok, err := s.Answers.DeleteItem(key.ID, id, r.PathValue("item"))
	if err != nil {
		return err
	}
	if !ok {
		return unknownItem(r.PathValue("item"))
	}
	return writeConversation(w, c)
}
