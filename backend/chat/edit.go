package chat

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"gatehouse/backend/llm"
)

// addUser makes the next turn of a conversation: the user's.
func (r *record) addUser(conversation, text string, files []File, now time.Time) turnRecord {
	user := turnRecord{N: r.Turns, Parts: []partRecord{{Text: text}}}
	user.Turn = Turn{ID: turnID(conversation, user.N), Role: RoleUser, At: now, State: StateDone, Files: files}
	r.Turns++
	return user
}

// Edit puts another text in the place of a user's turn, whose files stay, and asks again; the turns after it are removed. To
// keep them, branch first. An empty model takes the conversation's last.
func (c *Chats) Edit(conversation, turn, model, text string) (Detail, error) {
	if err := checkText(text, 1); err != nil { // whether there are files is seen below
		return Detail{}, err
	}
	return c.start(conversation, model, nil, func(now time.Time, rec *record, turns []turnRecord, ok bool) ([]turnRecord, error) {
		if !ok {
			return nil, noConversation()
		}
		at := slices.IndexFunc(turns, func(t turnRecord) bool { return t.ID == turn })
		if at < 0 || turns[at].Role != RoleUser {
			return nil, llm.Errorf(llm.ErrNotFound, "there is no such message of yours in the conversation")
		}
		files := turns[at].Files
		if err := checkText(text, len(files)); err != nil {
			return nil, err
		}
		rec.Turns = turns[at].N
		return append(turns[:at:at], rec.addUser(conversation, text, files, now)), nil
	})
}

// Branch makes a conversation of another's turns up to one of them, that one included.
func (c *Chats) Branch(conversation, turn string) (Conversation, error) {
	rec, turns, ok, err := c.shelf.load(conversation, 0)
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
	contents, err := c.shelf.contents(conversation, turns)
	if err != nil {
		return Conversation{}, reading(err)
	}
	if err := c.shelf.begin(id, rec, contents, turns...); err != nil {
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

// Check tells what is wrong with a system prompt and a temperature, which is from 0 to 2.
func (d Defaults) Check() error {
	switch {
	case len(d.System) > MaxSystem || !utf8.ValidString(d.System):
		return llm.Errorf(llm.ErrBadRequest, "the system prompt must be text of at most %d KiB", MaxSystem>>10)
	case d.Temperature != nil && !(*d.Temperature >= 0 && *d.Temperature <= 2):
		return llm.Errorf(llm.ErrBadRequest, "the temperature must be from 0 to 2")
	}
	return nil
}

// Defaults gives what goes with requests to a model where the conversation has nothing of its own.
func (c *Chats) Defaults(model string) Defaults { return c.opts.Defaults(model) }

// Unconfigure lets a conversation take what is set for the model that it asks.
func (c *Chats) Unconfigure(id string) (Conversation, error) {
	return c.change(id, func(r *record) error {
		if r.Deleted {
			return noConversation()
		}
		r.Configured, r.System, r.Temperature = false, "", nil
		return nil
	})
}

// Configure sets what goes with a conversation's requests from now on: the system prompt, empty for none, and the
// temperature from 0 to 2, nil for the model's own.
func (c *Chats) Configure(id, system string, temperature *float64) (Conversation, error) {
	if err := (Defaults{system, temperature}).Check(); err != nil {
		return Conversation{}, err
	}
	return c.change(id, func(r *record) error {
		if r.Deleted {
			return noConversation()
		}
		r.Configured, r.System, r.Temperature = true, strings.TrimSpace(system), temperature
		return nil
	})
}
