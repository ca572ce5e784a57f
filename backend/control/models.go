package control

import (
	"context"
	"slices"

	"gatehouse/backend/catalog"
	"gatehouse/backend/llm"
	"gatehouse/backend/routing"
	"gatehouse/backend/settings"
)

func (s *Service) modelList() ModelList {
	problems, refreshing := s.Models.State()
	table := s.Providers()
	list := ModelList{Models: []Model{}, Problems: []ListProblem{}, Refreshing: refreshing}
	favourites := s.Settings.Snapshot().Favourites
	for _, m := range append(s.World().VirtualModels(), s.Models.Catalog().All()...) {
		view := Model{
			ID: m.ID, Name: m.Name, Provider: m.Provider, ProviderName: nameIn(table, m.Provider), Description: m.Description,
			Local: m.Local, Free: m.Free, Favourite: slices.Contains(favourites, m.ID), ContextWindow: positive(m.ContextWindow), MaxOutput: positive(m.MaxOutput),
		}
		if view.Name == "" {
			view.Name = m.ID
		}
		view.TakesImages = m.Takes("image", "vision")
		view.TakesPDFs = m.Takes("pdf", "file-input") || m.Takes("file", "file-input")
		if m.Price != nil {
			view.InputPrice, view.OutputPrice = perMillion(m.Price.Input), perMillion(m.Price.Output)
		}
		list.Models = append(list.Models, view)
	}
	for _, p := range problems {
		list.Problems = append(list.Problems, ListProblem{Provider: p.Provider, Message: p.Message})
	}
	return list
}

func positive(n int64) *int64 {
	if n <= 0 {
		return nil
	}
	return &n
}

func perMillion(p *catalog.PicoUSD) *string {
	if p == nil {
		return nil
	}
	text := p.PerMillion()
	return &text
}

func (s *Service) refreshModels(ctx context.Context, _ Empty) (ModelList, error) {
	s.Models.Refresh(ctx)
	return s.modelList(), nil
}

func (s *Service) activeModel(context.Context, Empty) (ModelChoice, error) {
	return ModelChoice{s.Settings.Snapshot().ActiveModel}, nil
}

// setActiveModel takes any id that a request could be planned for in some dialect: a listed one, or one that names a
// provider which can be used.
func (s *Service) setActiveModel(_ context.Context, p ModelChoice) (ModelChoice, error) {
	if p.Model == routing.ActiveModel {
		return ModelChoice{}, llm.Errorf(llm.ErrBadRequest, "%s stands for the active model and can't be it", routing.ActiveModel)
	}
	id, err := s.plannable(p.Model)
	if err != nil {
		return ModelChoice{}, err
	}
	err = s.Settings.Modify(func(set *settings.Settings) error { set.ActiveModel = id; return nil })
	if err != nil {
		return ModelChoice{}, llm.Errorf(llm.ErrBadRequest, "the active model could not be saved: %w", err)
	}
	s.Changed()
	return ModelChoice{id}, nil
}

// plannable gives the name under which a model can be active: a virtual model's own, or the full id.
func (s *Service) plannable(model string) (string, error) {
	w := s.World()
	d, err := routing.Decide(w, routing.Ask{Model: model, Dialect: llm.ChatCompletions})
	switch {
	case err != nil:
		return "", err
	case d.Virtual != "":
		return model, nil
	}
	return routing.Resolve(w, model)
}
