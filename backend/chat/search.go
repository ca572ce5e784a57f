package chat

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"gatehouse/backend/llm"
	"gatehouse/backend/store"
)

// List gives the conversations, the pinned ones before the others, the one used last first. A query gives those that have
// it in their title or in a text, whatever its case, with what stands around it.
func (c *Chats) List(query string) ([]Conversation, error) {
	query = oneLine(query)
	if n := utf8.RuneCountInString(query); n > MaxQuery {
		return nil, llm.Errorf(llm.ErrBadRequest, "the search is too long: %d characters, and %d are allowed", n, MaxQuery)
	}
	found := []Conversation{}
	err := c.shelf.db.Read(func(tx *store.Tx) error {
		return c.shelf.conversations.In(tx).ForEach(func(id string, r record) error {
			if r.Deleted {
				return nil
			}
			view := r.view(id)
			if query != "" {
				var err error
				if view.Snippet, err = c.search(tx, view, fold(query)); err != nil || view.Snippet == "" {
					return err
				}
			}
			found = append(found, view)
			return nil
		})
	})
	if err != nil {
		return nil, reading(err)
	}
	slices.SortFunc(found, func(a, b Conversation) int {
		if a.Pinned != b.Pinned {
			if a.Pinned {
				return -1
			}
			return 1
		}
		return cmp.Or(b.UpdatedAt.Compare(a.UpdatedAt), cmp.Compare(b.ID, a.ID))
	})
	return found, nil
}

// search gives the snippet of the first turn that has the query, else that of the title; empty if none has it.
func (c *Chats) search(tx *store.Tx, in Conversation, query []rune) (string, error) {
	var hit string
	err := c.shelf.eachTurn(tx, in.ID, 0, func(_ string, t turnRecord) error {
		if hit == "" {
			hit = snippet(t.text(), query)
		}
		return nil
	})
	if hit == "" {
		hit = snippet(in.Title, query)
	}
	return hit, err
}

// fold makes text comparable whatever its case, character by character.
func fold(text string) []rune {
	folded := []rune(text)
	for i, r := range folded {
		folded[i] = unicode.ToLower(r)
	}
	return folded
}

// snippetAround is how many characters are shown on each side of a hit.
const snippetAround = 48

// snippet gives the text around the first hit as one line; empty if there is none.
func snippet(text string, query []rune) string {
	at := index(text, query)
	if at < 0 {
		return ""
	}
	runes := []rune(text)
	from, to := max(at-snippetAround, 0), min(at+len(query)+snippetAround, len(runes))
	out := oneLine(string(runes[from:to]))
	if from > 0 {
		out = "…" + out
	}
	if to < len(runes) {
		out += "…"
	}
	return out
}

// index gives the place of the first hit in characters, -1 if there is none. White space of any kind is alike.
func index(text string, query []rune) int {
	folded := fold(text)
	for i, r := range folded {
		if unicode.IsSpace(r) {
			folded[i] = ' '
		}
	}
	at := strings.Index(string(folded), string(query))
	if at < 0 {
		return -1
	}
	return utf8.RuneCountInString(string(folded)[:at])
}
