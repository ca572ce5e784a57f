package answers

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/store"
)

// conversation is a conversation without its items.
type conversation struct {
	Key       string          `json:"key"`
	CreatedAt time.Time       `json:"createdAt"`
	UsedAt    time.Time       `json:"usedAt"`
	Metadata  json.RawMessage `json:"metadata,omitempty"`
	// Next is the number of the next item, Size what all items take, in bytes.
	Next int   `json:"next"`
	Size int64 `json:"size"`
}

// Conversation is a list of items that requests go on from and are added to (API reference, "Conversations").
type Conversation struct {
	ID        string
	CreatedAt time.Time
	// Metadata is the caller's own object, as it came; nil if there is none.
	Metadata json.RawMessage
}

func (c conversation) view(id string) Conversation { return Conversation{id, c.CreatedAt, c.Metadata} }

// itemKey sorts a conversation's items by number.
func itemKey(id string, n int) string { return fmt.Sprintf("%s/%010d", id, n) }

// own gives a key's conversation.
func (a *Answers) own(key, id string) (conversation, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	c, ok := a.convs.get(id)
	return c, ok && c.Key == key && !a.old(c.UsedAt)
}

// NewConversation makes a conversation of that id.
func (a *Answers) NewConversation(key, id string, metadata json.RawMessage, items []json.RawMessage) (Conversation, error) {
	now := a.opts.Now()
	a.writing.Lock()
	defer a.writing.Unlock()
	c := conversation{Key: key, CreatedAt: now, UsedAt: now, Metadata: metadata}
	if err := a.save(id, &c, items); err != nil {
		return Conversation{}, err
	}
	return c.view(id), nil
}

// save writes a conversation with further items at its end. a.writing is held.
func (a *Answers) save(id string, c *conversation, items []json.RawMessage) error {
	next := *c
	for _, item := range items {
		next.Size += int64(len(item))
	}
	var gone []string
	a.locked(func() { gone = a.convs.makeRoom(id, next.Size, a.opts.MaxConversations, a.opts.MaxBytes) })
	err := a.db.Write(func(tx *store.Tx) error {
		if err := a.dropConversations(tx, gone); err != nil {
			return err
		}
		for _, item := range items {
			if err := a.items.In(tx).Put(itemKey(id, next.Next), store.Raw(item)); err != nil {
				return err
			}
			next.Next++
		}
		return a.conversations.In(tx).Put(id, next)
	})
	if err != nil {
		return err
	}
	*c = next
	a.locked(func() {
		a.convs.remove(append(gone, id)...) // it comes last again: it was used
		a.convs.put(id, next, next.Size)
	})
	return nil
}

// dropConversations removes conversations with their items from the database.
func (a *Answers) dropConversations(tx *store.Tx, ids []string) error {
	for _, id := range ids {
		if err := a.conversations.In(tx).Delete(id); err != nil {
			return err
		}
		var keys []string
		err := a.items.In(tx).Range(id+"/", store.Ascending, func(key string, _ store.Raw) (bool, error) {
			if !strings.HasPrefix(key, id+"/") {
				return false, nil
			}
			keys = append(keys, key)
			return true, nil
		})
		if err != nil {
			return err
		}
		for _, key := range keys {
			if err := a.items.In(tx).Delete(key); err != nil {
				return err
			}
		}
	}
	return nil
}

// Conversation gives a key's conversation.
func (a *Answers) Conversation(key, id string) (Conversation, bool) {
	c, ok := a.own(key, id)
	return c.view(id), ok
}

// SetMetadata replaces a conversation's metadata.
func (a *Answers) SetMetadata(key, id string, metadata json.RawMessage) (Conversation, bool, error) {
	a.writing.Lock()
	defer a.writing.Unlock()
	c, ok := a.own(key, id)
	if !ok {
		return Conversation{}, false, nil
	}
	c.Metadata, c.UsedAt = metadata, a.opts.Now()
	err := a.save(id, &c, nil)
	return c.view(id), true, err
}

// DeleteConversation removes a key's conversation with its items, and tells whether there was one.
func (a *Answers) DeleteConversation(key, id string) (bool, error) {
	a.writing.Lock()
	defer a.writing.Unlock()
	if _, ok := a.own(key, id); !ok {
		return false, nil
	}
	if err := a.db.Write(func(tx *store.Tx) error { return a.dropConversations(tx, []string{id}) }); err != nil {
		return false, err
	}
	a.locked(func() { a.convs.remove(id) })
	return true, nil
}

// Items gives the items of a key's conversation, in order, and how many it ever had.
func (a *Answers) Items(key, id string) (items []json.RawMessage, ever int, ok bool, err error) {
	c, ok := a.own(key, id)
	if !ok {
		return nil, 0, false, nil
	}
	items, ok, err = a.Before(key, id, c.Next)
	return items, c.Next, ok, err
}

// Before gives the items that a key's conversation had when it had ever had n.
func (a *Answers) Before(key, id string, n int) ([]json.RawMessage, bool, error) {
	_, ok := a.own(key, id)
	if !ok {
		return nil, false, nil
	}
	var items []json.RawMessage
	err := a.items.Range(id+"/", store.Ascending, func(k string, item store.Raw) (bool, error) {
		if !strings.HasPrefix(k, id+"/") || k >= itemKey(id, n) {
			return false, nil
		}
		items = append(items, append(json.RawMessage{}, item...))
		return true, nil
	})
	return items, true, err
}

// Append adds items to the end of a key's conversation.
func (a *Answers) Append(key, id string, items []json.RawMessage) (bool, error) {
	a.writing.Lock()
	defer a.writing.Unlock()
	c, ok := a.own(key, id)
	if !ok {
		return false, nil
	}
	c.UsedAt = a.opts.Now()
	return true, a.save(id, &c, items)
}

// DeleteItem removes the item of that id from a key's conversation, and tells whether there was one.
func (a *Answers) DeleteItem(key, id, item string) (Conversation, bool, error) {
	a.writing.Lock()
	defer a.writing.Unlock()
	c, ok := a.own(key, id)
	if !ok {
		return Conversation{}, false, nil
	}
	found := ""
	err := a.items.Range(id+"/", store.Ascending, func(k string, raw store.Raw) (bool, error) {
		if !strings.HasPrefix(k, id+"/") {
			return false, nil
		}
		if jsonread.Of(raw).Get("id").String() == item {
			found = k
			c.Size -= int64(len(raw))
		}
		return found == "", nil
	})
	if err != nil || found == "" {
		return Conversation{}, false, err
	}
	err = a.db.Write(func(tx *store.Tx) error {
		if err := a.items.In(tx).Delete(found); err != nil {
			return err
		}
		return a.conversations.In(tx).Put(id, c)
	})
	if err != nil {
		return Conversation{}, false, err
	}
	a.locked(func() { a.convs.put(id, c, c.Size) })
	return c.view(id), true, nil
}
