package control

import (
	"context"
	"slices"
	"strings"

	"gatehouse/backend/chat"
	"gatehouse/backend/llm"
	"gatehouse/backend/routing"
	"gatehouse/backend/settings"
)

// The chat's own types have the members of the faces' types; see the events too, which the chat publishes as they are.

func toConversation(c chat.Conversation) Conversation { return Conversation(c) }

// toDetail gives the last turns of a detail, or with 0 all that it has.
func toDetail(d chat.Detail, last int) ConversationDetail {
	first := 0
	if last > 0 {
		first = max(len(d.Turns)-last, 0)
	}
	out := ConversationDetail{Conversation: toConversation(d.Conversation), First: d.First + first, Turns: []Turn{}}
	for _, t := range d.Turns[first:] {
		out.Turns = append(out.Turns, toTurn(t))
	}
	return out
}

func toTurn(t chat.Turn) Turn {
	out := Turn{
		ID: t.ID, Role: t.Role, Text: t.Text, Reasoning: t.Reasoning, At: t.At, Files: []ChatFile{}, State: t.State, Error: t.Error,
		Model: t.Model, Provider: t.Provider, Tools: []ToolCall{}, Seq: t.Seq, ReasoningMs: t.ReasoningMs,
		InputTokens: t.InputTokens, OutputTokens: t.OutputTokens, CostPicoUSD: t.CostPicoUSD, FirstTokenMs: t.FirstTokenMs,
		DurationMs: t.DurationMs, Request: t.Request, Attempts: []TurnAttempt{},
	}
	for _, f := range t.Files {
		out.Files = append(out.Files, ChatFile(f))
	}
	for _, c := range t.Tools {
		out.Tools = append(out.Tools, ToolCall(c))
	}
	for _, a := range t.Attempts {
		out.Attempts = append(out.Attempts, TurnAttempt(a))
	}
	return out
}

// tail gives the turns that a question changed: it and its answer.
func tail(d chat.Detail, err error) (ConversationDetail, error) {
	if err != nil {
		return ConversationDetail{}, err
	}
	return toDetail(d, 2), nil
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

func (s *Service) chatGet(_ context.Context, p ConversationPart) (ConversationDetail, error) {
	d, err := s.Chat.Get(p.Conversation, p.First)
	if err != nil {
		return ConversationDetail{}, err
	}
	return toDetail(d, 0), nil
}

func (s *Service) chatSend(_ context.Context, p ChatSend) (ConversationDetail, error) {
	files := make([]chat.NewFile, len(p.Files))
	for i, f := range p.Files {
		files[i] = chat.NewFile(f)
	}
	return tail(s.Chat.Send(p.Conversation, p.Model, p.Text, files...))
}

func (s *Service) chatFile(_ context.Context, p ChatFileRef) (ChatFileContent, error) {
	kind, data, err := s.Chat.File(p.Conversation, p.File)
	return ChatFileContent{kind, data}, err
}

func (s *Service) chatRetry(_ context.Context, p ChatRetry) (ConversationDetail, error) {
	return tail(s.Chat.Retry(p.Conversation, p.Model))
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
	return tail(s.Chat.Edit(p.Conversation, p.Turn, p.Model, p.Text))
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
	configure := func() (chat.Conversation, error) { return s.Chat.Configure(p.Conversation, p.System, p.Temperature) }
	if p.Defaults {
		configure = func() (chat.Conversation, error) { return s.Chat.Unconfigure(p.Conversation) }
	}
	c, err := configure()
	return toConversation(c), err
}

func (s *Service) chatDefaults(_ context.Context, p ModelChoice) (ChatDefaults, error) {
	d := s.Chat.Defaults(p.Model)
	return ChatDefaults{p.Model, d.System, d.Temperature}, nil
}

// setChatDefaults keeps what goes with messages to a model; to the active one if that is named.
func (s *Service) setChatDefaults(_ context.Context, p ChatDefaults) (ChatDefaults, error) {
	want := chat.Defaults{System: strings.TrimSpace(p.System), Temperature: p.Temperature}
	if err := want.Check(); err != nil {
		return ChatDefaults{}, err
	}
	err := s.Settings.Modify(func(set *settings.Settings) error {
		model := p.Model
		if model == routing.ActiveModel {
			model = set.ActiveModel
		}
		if set.ChatDefaults == nil {
			set.ChatDefaults = map[string]settings.ChatDefault{}
		}
		set.ChatDefaults[model] = settings.ChatDefault{
			System: want.System, Temperature: want.Temperature, OwnTemperature: want.Temperature == nil,
		}
		usual := want.System == "" && want.Temperature != nil && *want.Temperature == chat.Temperature
		others := func(d settings.ModelDefault) bool { return routing.Match(d.Model, model) }
		if usual && !slices.ContainsFunc(set.ModelDefaults, others) {
			delete(set.ChatDefaults, model) // it would be so anyway
		}
		return nil
	})
	if err != nil {
		return ChatDefaults{}, llm.Errorf(llm.ErrBadRequest, "what goes with the model's messages could not be saved: %w", err)
	}
	return s.chatDefaults(context.Background(), ModelChoice{p.Model})
}
