package app

import (
	"context"

	"gatehouse/backend/chat"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
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
		return nil, err
	}
	return &chat.Answer{Events: reply.Events, Result: func() chat.Result {
		end := reply.Settlement()
		result := chat.Result{
			Provider: end.Provider, Model: end.Model, Usage: end.Usage, FirstToken: end.FirstToken, Duration: end.Duration,
		}
		if cost, known := s.pricer.Cost(end.Provider, end.Model, end.Usage); known {
			result.CostPicoUSD = &cost
		}
		return result
	}}, nil
}
