package chat

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/store"
)

// shelf is where the conversations are kept: three buckets, one of conversations by id, one of turns by conversation and
// number, one of what their files contain by conversation and file.
type shelf struct {
	db            *store.DB
	conversations *store.Bucket[record]
	turns         *store.Bucket[turnRecord]
	files         *store.Bucket[store.Raw]
}

// record is a conversation as it is stored.
type record struct {
	Title     string    `json:"title"`
	Model     string    `json:"model"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
	// Turns counts the turns; they have the numbers below it.
	Turns       int      `json:"turns"`
	Pinned      bool     `json:"pinned,omitempty"`
	Configured  bool     `json:"configured,omitempty"`
	System      string   `json:"system,omitempty"`
	Temperature *float64 `json:"temperature,omitempty"`
	// Running tells that the last turn is being written.
	Running bool `json:"running,omitempty"`
	Deleted bool `json:"deleted,omitempty"`
}

func (r record) view(id string) Conversation {
	return Conversation{
		ID: id, Title: r.Title, Model: r.Model, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, Turns: r.Turns,
		Pinned: r.Pinned, Configured: r.configured(), System: r.System, Temperature: r.Temperature,
	}
}

// configured counts a system prompt in: conversations had one before models had defaults.
func (r record) configured() bool { return r.Configured || r.System != "" }

// defaults are what goes with a conversation's requests to a model.
func (r record) defaults(of func(model string) Defaults, model string) Defaults {
	if r.configured() {
		return Defaults{r.System, r.Temperature}
	}
	return of(model)
}

// turnRecord is a turn as it is stored: what a Turn shows, but with its text and reasoning in the parts in which they
// came, since a model wants its own back unchanged.
type turnRecord struct {
	N int `json:"n"`
	Turn
	Parts []partRecord `json:"parts"`
}

// partRecord is a text or, where Kind says so, reasoning.
type partRecord struct {
	Kind      string          `json:"kind,omitempty"`
	Text      string          `json:"text,omitempty"`
	Signature string          `json:"signature,omitempty"`
	Opaque    json.RawMessage `json:"opaque,omitempty"`
}

const kindReasoning = "reasoning"

// reasoningGap stands between two reasoning parts where they are shown as one.
const reasoningGap = "\n\n"

// text and reasoning join the parts as they are shown.
func (t turnRecord) text() string {
	var b strings.Builder
	for _, p := range t.Parts {
		if p.Kind == "" {
			b.WriteString(p.Text)
		}
	}
	return b.String()
}

func (t turnRecord) reasoning() string {
	var texts []string
	for _, p := range t.Parts {
		if p.Kind == kindReasoning && p.Text != "" {
			texts = append(texts, p.Text)
		}
	}
	return strings.Join(texts, reasoningGap)
}

func (t turnRecord) view() Turn {
	v := t.Turn
	v.Text, v.Reasoning = t.text(), t.reasoning()
	return v.filled()
}

// filled gives a turn whose lists are not nil.
func (t Turn) filled() Turn {
	if t.Files == nil {
		t.Files = []File{}
	}
	if t.Tools == nil {
		t.Tools = []ToolCall{}
	}
	if t.Attempts == nil {
		t.Attempts = []Attempt{}
	}
	return t
}

// message gives the turn as the model gets it, with the contents of its files by their ids; false if there is nothing to
// give. Files stand before the text that is about them.
func (t turnRecord) message(contents map[string][]byte) (llm.Message, bool) {
	m := llm.Message{Role: llm.RoleUser, Parts: t.media(contents)}
	if t.Role == RoleAssistant {
		m.Role = llm.RoleAssistant
	}
	for _, p := range t.Parts {
		if p.Kind == kindReasoning {
			m.Parts = append(m.Parts, llm.Reasoning{
				Text: p.Text, Signature: p.Signature, Opaque: p.Opaque,
				Origin: llm.Origin{Provider: t.Provider, Model: t.Model},
			})
		} else if p.Text != "" {
			m.Parts = append(m.Parts, llm.Text{Text: p.Text})
		}
	}
	return m, t.text() != "" || len(t.Files) > 0
}

func newShelf(db *store.DB) *shelf {
	return &shelf{
		db:            db,
		conversations: store.NewBucket[record](db, "chat.conversations"),
		turns:         store.NewBucket[turnRecord](db, "chat.turns"),
		files:         store.NewBucket[store.Raw](db, "chat.files"),
	}
}

func turnKey(conversation string, n int) string { return fmt.Sprintf("%s/%08d", conversation, n) }

// turnID is unique among all conversations.
func turnID(conversation string, n int) string { return fmt.Sprintf("%s_%d", conversation, n) }

// eachTurn walks a conversation's turns from number first on, oldest first.
func (s *shelf) eachTurn(tx *store.Tx, conversation string, first int, fn func(key string, t turnRecord) error) error {
	prefix := conversation + "/"
	return s.turns.In(tx).Range(turnKey(conversation, first), store.Ascending, func(key string, t turnRecord) (bool, error) {
		if !strings.HasPrefix(key, prefix) {
			return false, nil
		}
		return true, fn(key, t)
	})
}

// tidy removes what was deleted and stops what was being written.
func (s *shelf) tidy() error {
	return s.db.Write(func(tx *store.Tx) error {
		found := map[string]record{}
		err := s.conversations.In(tx).ForEach(func(id string, r record) error {
			if r.Deleted || r.Running {
				found[id] = r
			}
			return nil
		})
		if err != nil {
			return err
		}
		for id, r := range found {
			if r.Deleted {
				err = s.remove(tx, id)
			} else {
				err = s.stop(tx, id, r)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *shelf) remove(tx *store.Tx, id string) error {
	if err := s.cut(tx, id, 0); err != nil {
		return err
	}
	return s.conversations.In(tx).Delete(id)
}

const endedUnderIt = "Gatehouse ended before the answer was finished; ask again."

func (s *shelf) stop(tx *store.Tx, id string, r record) error {
	r.Running = false
	if err := s.conversations.In(tx).Put(id, r); err != nil {
		return err
	}
	return s.turns.In(tx).Update(turnKey(id, r.Turns-1), func(t *turnRecord, exists bool) error {
		if exists && t.State == StateStreaming {
			t.State, t.Error = StateStopped, endedUnderIt
		}
		return nil
	})
}

// load gives a conversation with its turns from number first on; false if there is none or it was deleted.
func (s *shelf) load(id string, first int) (r record, turns []turnRecord, ok bool, err error) {
	err = s.db.Read(func(tx *store.Tx) error {
		if r, ok, err = s.conversations.In(tx).Get(id); err != nil || !ok {
			return err
		}
		return s.eachTurn(tx, id, first, func(_ string, t turnRecord) error {
			turns = append(turns, t)
			return nil
		})
	})
	return r, turns, ok && !r.Deleted, err
}

// begin stores a conversation with the turns that are new in it and what their files contain; turns beyond its end are
// removed.
func (s *shelf) begin(id string, r record, contents map[string][]byte, turns ...turnRecord) error {
	return s.db.Write(func(tx *store.Tx) error {
		if err := s.conversations.In(tx).Put(id, r); err != nil {
			return err
		}
		if err := s.putFiles(tx, id, contents); err != nil {
			return err
		}
		for _, t := range turns {
			if err := s.turns.In(tx).Put(turnKey(id, t.N), t); err != nil {
				return err
			}
		}
		return s.cut(tx, id, r.Turns)
	})
}

// cut removes a conversation's turns from number n on, with their files.
func (s *shelf) cut(tx *store.Tx, id string, n int) error {
	var gone []turnRecord
	err := s.eachTurn(tx, id, n, func(_ string, t turnRecord) error {
		gone = append(gone, t)
		return nil
	})
	for _, t := range gone {
		if err == nil {
			err = s.dropFiles(tx, id, t)
		}
		if err == nil {
			err = s.turns.In(tx).Delete(turnKey(id, t.N))
		}
	}
	return err
}

// save stores a turn that is being written.
func (s *shelf) save(id string, t turnRecord) error { return s.turns.Put(turnKey(id, t.N), t) }

// end stores a turn that is written.
func (s *shelf) end(id string, t turnRecord) error {
	return s.db.Write(func(tx *store.Tx) error {
		r, ok, err := s.conversations.In(tx).Get(id)
		if err != nil || !ok {
			return err
		}
		r.Running = false
		if err := s.conversations.In(tx).Put(id, r); err != nil {
			return err
		}
		return s.turns.In(tx).Put(turnKey(id, t.N), t)
	})
}

// change lets fn change a conversation; false if there is none.
func (s *shelf) change(id string, fn func(*record) error) (r record, ok bool, err error) {
	err = s.db.Write(func(tx *store.Tx) error {
		if r, ok, err = s.conversations.In(tx).Get(id); err != nil || !ok {
			return err
		}
		if err := fn(&r); err != nil {
			return err
		}
		return s.conversations.In(tx).Put(id, r)
	})
	return r, ok, err
}
