package app

import (
	"context"
	"errors"

	"gatehouse/backend/chat"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/routing"
	"gatehouse/backend/settings"
)

// chatProject is the project that the window's own requests count for.
const chatProject = "chat"

// streamer carries the chat's requests through the same gateway as everybody's.
type streamer struct {
	gateway *gateway.Gateway
	pricer  pricer
}

func (s streamer) Stream(ctx context.Context, req *llm.Request) (*chat.Answer, error) {
	reply, err := s.gateway.Stream(ctx, req, gateway.Caller{Project: chatProject, Client: "gatehouse"})
	if err != nil {
		if told, ok := errors.AsType[*gateway.Unanswered](err); ok {
			return &chat.Answer{Result: func() chat.Result { return trace(told.ID, told.Settlement) }}, err
		}
		return nil, err
	}
	return &chat.Answer{Events: reply.Events, Result: func() chat.Result {
		end := reply.Settlement()
		result := trace(reply.ID, end)
		result.Provider, result.Model, result.Usage, result.FirstToken = end.Provider, end.Model, end.Usage, end.FirstToken
		if cost, known := s.pricer.Cost(end.Provider, end.Model, end.Usage); known {
			result.CostPicoUSD = &cost
		}
		return result
	}}, nil
}

// trace tells how a request went: who was tried, and how long it took.
func trace(id string, end gateway.Settlement) chat.Result {
	out := chat.Result{Request: id, Duration: end.Duration}
	for _, a := range end.Attempts {
		out.Attempts = append(out.Attempts, chat.Attempt{
			Provider: a.Provider, Model: a.Model, Outcome: string(a.Outcome), Status: a.Status, Error: a.Error,
			DurationMs: a.Duration.Milliseconds(),
		})
	}
	return out
}

// chatDefaults gives what goes with the chat's requests to a model where the conversation has nothing of its own: what is
// set for it there, else the temperature that requests to it get anyway, else the chat's.
func chatDefaults(s *settings.Settings, model string) chat.Defaults {
	if model == routing.ActiveModel {
		model = s.ActiveModel
	}
	set := s.ChatDefaults[model]
	out := chat.Defaults{System: set.System, Temperature: set.Temperature}
	if out.Temperature != nil || set.OwnTemperature {
		return out
	}
	for _, d := range s.ModelDefaults {
		if routing.Match(d.Model, model) && d.Parameters.Temperature != nil {
			out.Temperature = d.Parameters.Temperature
			return out
		}
	}
	out.Temperature = new(chat.Temperature)
	return out
}
