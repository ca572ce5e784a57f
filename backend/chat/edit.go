package chat

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"gatehouse/backend/llm"
)

func checkText(text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return llm.Errorf(llm.ErrBadRequest, "the message is empty; write something first")
	case len(text) > MaxText:
		return llm.Errorf(llm.ErrBadRequest, "the message is too long: %d bytes, and %d are allowed",
			len(text), MaxText)
	case !utf8.ValidString(text):
		return llm.Errorf(llm.ErrBadRequest, "the message is not valid text (UTF-8)")
	}
	return nil
}

// addUser makes the next turn of a conversation: the user's.
func (r *record) addUser(conversation, text string, now time.Time) turnRecord {
	user := turnRecord{N: r.Turns, Parts: []partRecord{{Text: text}}}
	user.Turn = Turn{ID: turnID(conversation, user.N), Role: RoleUser, At: now, State: StateDone}
	r.Turns++
	return user
}

// Edit puts another text in the place of a user's turn and asks again; the turns after it are removed. To keep them, branch
// first. An empty model takes the conversation's last.
func (c *Chats) Edit(conversation, turn, model, text string) (Detail, error) {
	if err := checkText(text); err != nil {
		return Detail{}, err
	}
	return c.start(conversation, model, func(now time.Time, rec *record, turns []turnRecord, ok bool) ([]turnRecord, error) {
		if !ok {
			return nil, noConversation()
		}
		at := slices.IndexFunc(turns, func(t turnRecord) bool { return t.ID == turn })
		if at < 0 || turns[at].Role != RoleUser {
			return nil, llm.Errorf(llm.ErrNotFound, "there is no such message of yours in the conversation")
		}
		rec.Turns = turns[at].N
		return append(turns[:at:at], rec.addUser(conversation, text, now)), nil
	})
}

// Branch makes a conversation of another's turns up to one of them, that one included.
func (c *Chats) Branch(conversation, turn string) (Conversation, error) {
	rec, turns, ok, err := c.shelf.load(conversation)
	switch {
	case err != nil:
		return Conversation{}, reading(err)
	case !ok:
		return Conversation{}, noConversation()
	}
	at := slices.IndexFunc(turns, func(t turnRecord) bool { return t.ID == turn })
	switch {
	case at < 0:
		return Conversation{}, llm.Errorf(llm.ErrNotFound, "there is no such turn in the conversation")
	case turns[at].State == StateStreaming:
		return Conversation{}, llm.Errorf(llm.ErrBadRequest, "an answer is still being written; wait for it or stop it first")
	}
	id, now := newID(), c.opts.Now()
	turns = turns[:at+1]
	for i := range turns {
		turns[i].ID = turnID(id, turns[i].N)
	}
	rec.CreatedAt, rec.UpdatedAt, rec.Turns, rec.Running, rec.Pinned = now, now, turns[at].N+1, false, false
	if err := c.shelf.begin(id, rec, turns...); err != nil {
		return Conversation{}, saving(err)
	}
	c.opts.Broker.PublishEnd(EventList, struct{}{})
	return rec.view(id), nil
}

// Pin keeps a conversation before all that are not pinned, or no longer.
func (c *Chats) Pin(id string, pinned bool) (Conversation, error) {
	return c.change(id, func(r *record) error {
		if r.Deleted {
			return noConversation()
		}
		r.Pinned = pinned
		return nil
	})
}

// Configure sets what goes with a conversation's requests from now on: the system prompt, empty for none, and the
// temperature from 0 to 2, nil for the model's own.
func (c *Chats) Configure(id, system string, temperature *float64) (Conversation, error) {
	switch {
	case len(system) > MaxSystem || !utf8.ValidString(system):
		return Conversation{}, llm.Errorf(llm.ErrBadRequest, "the system prompt must be text of at most %d KiB", MaxSystem>>10)
	case temperature != nil && !(*temperature >= 0 && *temperature <= 2):
		return Conversation{}, llm.Errorf(llm.ErrBadRequest, "the temperature must be from 0 to 2")
	}
	return c.change(id, func(r *record) error {
		if r.Deleted {
			return noConversation()
		}
		r.System, r.Temperature = strings.TrimSpace(system), temperature
		return nil
	})
}
