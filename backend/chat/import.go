package chat

import (
	"gatehouse/backend/llm"
)

// Import keeps a conversation that was held elsewhere: who said what, and what is known of the answers. Its turns get ids
// of their own; files and tools are not taken.
func (c *Chats) Import(title, model string, turns []Turn) (Conversation, error) {
	id, now := newID(), c.opts.Now()
	rec := record{Title: titleOf(title), Model: model, CreatedAt: now, UpdatedAt: now, Turns: len(turns)}
	kept := make([]turnRecord, len(turns))
	for i, t := range turns {
		if t.Role != RoleUser && t.Role != RoleAssistant {
			return Conversation{}, llm.Errorf(llm.ErrBadRequest, "turn %d has no role that a conversation knows: %q", i, t.Role)
		}
		kept[i] = turnRecord{N: i, Turn: t}
		if t.Reasoning != "" {
			kept[i].Parts = append(kept[i].Parts, partRecord{Kind: kindReasoning, Text: t.Reasoning})
		}
		kept[i].Parts = append(kept[i].Parts, partRecord{Text: t.Text})
		kept[i].ID, kept[i].State, kept[i].Text, kept[i].Reasoning = turnID(id, i), StateDone, "", ""
		kept[i].Files, kept[i].Tools = nil, nil
	}
	if err := c.shelf.begin(id, rec, nil, kept...); err != nil {
		return Conversation{}, saving(err)
	}
	c.opts.Broker.PublishEnd(EventList, struct{}{})
	return rec.view(id), nil
}
