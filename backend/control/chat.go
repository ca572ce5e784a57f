package control

import (
	"context"

	"gatehouse/backend/chat"
)

// The chat's own types have the members of the faces' types, so that the compiler converts them; see the events too,
// which the chat publishes as they are.

func toConversation(c chat.Conversation) Conversation { return Conversation(c) }

func toDetail(d chat.Detail) ConversationDetail {
	out := ConversationDetail{Conversation: toConversation(d.Conversation), Turns: []Turn{}}
	for _, t := range d.Turns {
		out.Turns = append(out.Turns, Turn(t))
	}
	return out
}

func detail(d chat.Detail, err error) (ConversationDetail, error) {
	if err != nil {
		return ConversationDetail{}, err
	}
	return toDetail(d), nil
}

func (s *Service) chatList(_ context.Context, q ChatQuery) (ConversationList, error) {
	found, err := s.Chat.List(q.Query)
	if err != nil {
		return ConversationList{}, err
	}
	list := ConversationList{Conversations: []Conversation{}}
	for _, c := range found {
		list.Conversations = append(list.Conversations, toConversation(c))
	}
	return list, nil
}

func (s *Service) chatGet(_ context.Context, r ConversationRef) (ConversationDetail, error) {
	return detail(s.Chat.Get(r.Conversation))
}

func (s *Service) chatSend(_ context.Context, p ChatSend) (ConversationDetail, error) {
	return detail(s.Chat.Send(p.Conversation, p.Model, p.Text))
}

func (s *Service) chatRetry(_ context.Context, p ChatRetry) (ConversationDetail, error) {
	return detail(s.Chat.Retry(p.Conversation, p.Model))
}

func (s *Service) chatStop(_ context.Context, r ConversationRef) (Empty, error) {
	return Empty{}, s.Chat.Stop(r.Conversation)
}

func (s *Service) chatRename(_ context.Context, p ChatRename) (Conversation, error) {
	c, err := s.Chat.Rename(p.Conversation, p.Title)
	return toConversation(c), err
}

func (s *Service) chatDelete(_ context.Context, r ConversationRef) (Empty, error) {
	return Empty{}, s.Chat.Delete(r.Conversation)
}

func (s *Service) chatRestore(_ context.Context, r ConversationRef) (Conversation, error) {
	c, err := s.Chat.Restore(r.Conversation)
	return toConversation(c), err
}

func (s *Service) chatEdit(_ context.Context, p ChatEdit) (ConversationDetail, error) {
	return detail(s.Chat.Edit(p.Conversation, p.Turn, p.Model, p.Text))
}

func (s *Service) chatBranch(_ context.Context, p TurnRef) (Conversation, error) {
	c, err := s.Chat.Branch(p.Conversation, p.Turn)
	return toConversation(c), err
}

func (s *Service) chatPin(_ context.Context, p ChatPin) (Conversation, error) {
	c, err := s.Chat.Pin(p.Conversation, p.Pinned)
	return toConversation(c), err
}

func (s *Service) chatConfigure(_ context.Context, p ChatConfigure) (Conversation, error) {
	c, err := s.Chat.Configure(p.Conversation, p.System, p.Temperature)
	return toConversation(c), err
}
