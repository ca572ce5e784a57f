package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"gatehouse/backend/chat"
	"gatehouse/backend/llm"
	"gatehouse/backend/store"
)

// converse puts one long conversation into the database: questions of a line or a few, answers of all kinds that are drawn
// in their own way.
func converse(db *store.DB, messages int) (err error) {
	chats, err := chat.Open(db, nobody{}, chat.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, chats.Close(context.Background())) }()
	turns := make([]chat.Turn, messages)
	for i := range turns {
		turns[i] = chat.Turn{Role: chat.RoleUser, Text: fmt.Sprintf("Question %d: %s", i/2, strings.Repeat("what does a gate do? ", 1+i%17))}
		if i%2 == 1 {
			turns[i] = chat.Turn{
				Role: chat.RoleAssistant, Text: fmt.Sprintf(said[i/2%len(said)], i/2), Model: "maker/model-1", Provider: "provider-1",
				InputTokens: new(int64(i * 40)), OutputTokens: new(int64(120)), CostPicoUSD: new(int64(i) * 1_000_000),
				FirstTokenMs: new(int64(420)), DurationMs: new(int64(2400)),
			}
		}
	}
	_, err = chats.Import(fmt.Sprintf("A conversation of %d messages", messages), "sim/stream", turns)
	return err
}

// said are the kinds of answers; each has room for its number.
var said = []string{
	"Answer %d is short.",
	"Answer %d has paragraphs.\n\n" + paragraph + "\n\n" + paragraph,
	"# Answer %d has code\n\n```go\nfunc open(w http.ResponseWriter, r *http.Request) error {\n\treturn json.NewEncoder(w).Encode(map[string]any{\"gate\": r.URL.Path})\n}\n```\n\n" + paragraph,
	"Answer %d has a list:\n\n- one thing\n- another, with `code`\n- a third, with a [link](https://example.com)\n\n1. first\n2. second",
	"Answer %d has a table:\n\n| Gate | Height | Keeper |\n| --- | --- | --- |\n| North | 4 m | Ada |\n| South | 3 m | Kurt |\n| West | 5 m | Grace |\n\n> " + paragraph,
}

const paragraph = "A gatehouse stands over the way in. Whoever wants to pass says **who they are** and _where they go_; the keeper looks " +
	"it up, opens, and writes it down. It is not the wall that keeps a town, but the book in which every passage stands."

// nobody answers nothing: the conversation is only there to be looked at.
type nobody struct{}

func (nobody) Stream(context.Context, *llm.Request) (*chat.Answer, error) {
	return nil, llm.Errorf(llm.ErrInternal, "nobody answers here")
}
