package control

import (
	"context"
	"slices"
	"time"

	"gatehouse/backend/catalog"
	"gatehouse/backend/llm"
	"gatehouse/backend/modellist"
	"gatehouse/backend/provider"
	"gatehouse/backend/routing"
	"gatehouse/backend/settings"
	"gatehouse/backend/usage"
)

// historyOf is how far back a model's own history reaches.
const historyOf = 30 * 24 * time.Hour

// catalogView gives every model that is known: those that can be asked for and, behind them, those that can't.
func (s *Service) catalogView(ctx context.Context, _ Empty) (Catalog, error) {
	figures, err := s.modelFigures(ctx)
	if err != nil {
		return Catalog{}, err
	}
	c := s.Models.Catalog()
	_, refreshing := s.Models.State()
	view := s.entryViewer(figures)
	out := Catalog{Models: []CatalogEntry{}, Lists: s.listAges(), Shipped: []ModelOrigin{}, Refreshing: refreshing}
	for _, m := range slices.Concat(s.World().VirtualModels(), c.All()) {
		out.Models = append(out.Models, view(m, true))
	}
	for _, m := range c.Known() {
		out.Models = append(out.Models, view(m, false))
	}
	for _, o := range modellist.Shipped() {
		out.Shipped = append(out.Shipped, originView(&o))
	}
	return out, nil
}

// modelFigures gives what requests to each model were like lately.
func (s *Service) modelFigures(ctx context.Context) (map[string]usage.Figures, error) {
	report, err := s.History.Report(ctx, usage.ReportQuery{
		From: s.Now().Add(-historyOf), By: usage.ByModel, Limit: 1000, Quantiles: true,
	})
	if err != nil {
		return nil, err
	}
	out := map[string]usage.Figures{}
	for _, g := range report.Groups {
		out[g.Name] = g.Figures
	}
	return out, nil
}

func (s *Service) listAges() []ListAge {
	table := s.Providers()
	out := []ListAge{}
	for _, a := range s.Models.Ages() {
		out = append(out, ListAge{
			Provider: a.Provider, ProviderName: nameIn(table, a.Provider), At: timeOrNull(a.At), Models: a.Models, Public: a.Public,
			Problem: a.Problem, Next: timeOrNull(a.Next),
		})
	}
	return out
}

func nameIn(table provider.Table, id provider.ID) string {
	if p := table[id]; p != nil {
		return p.Name
	}
	if id == routing.VirtualProvider {
		return "Virtual model"
	}
	return id
}

func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// entryViewer gives what makes an entry of the catalog's.
func (s *Service) entryViewer(figures map[string]usage.Figures) func(m catalog.Model, usable bool) CatalogEntry {
	table, favourites := s.Providers(), map[string]bool{}
	for _, id := range s.Settings.Snapshot().Favourites {
		favourites[id] = true
	}
	return func(m catalog.Model, usable bool) CatalogEntry {
		f := figures[m.ID]
		v := CatalogEntry{
			ID: m.ID, Name: m.Name, Provider: m.Provider, ProviderName: nameIn(table, m.Provider), Type: m.Type, Usable: usable,
			Local: m.Local, Free: m.Free, Virtual: m.Provider == routing.VirtualProvider, Favourite: favourites[m.ID],
			Tags: orNone(m.Tags), ContextWindow: positive(m.ContextWindow), MaxOutput: positive(m.MaxOutput),
			Requests: f.Requests, FirstTokenP75Ms: f.FirstTokenMs.P75,
		}
		if v.Name == "" {
			v.Name = m.ID
		}
		if m.Price != nil {
			v.InputPicoUSD, v.OutputPicoUSD = (*int64)(m.Price.Input), (*int64)(m.Price.Output)
		}
		if m.Released > 0 {
			at := time.Unix(m.Released, 0).UTC()
			v.Released = &at
		}
		return v
	}
}

func orNone(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func originView(o *catalog.Origin) ModelOrigin {
	return ModelOrigin{Source: string(o.Source), By: o.By, At: timeOrNull(o.At)}
}

// modelDetail gives everything that is known of a model.
func (s *Service) modelDetail(ctx context.Context, ref ModelRef) (ModelDetail, error) {
	m, usable, ok := s.findModel(ref)
	if !ok {
		return ModelDetail{}, llm.Errorf(llm.ErrNotFound, "nobody lists the model %q; `gatehouse models refresh` asks the providers anew", ref.ID).
			WithCode("model_not_found")
	}
	history, err := s.modelHistory(ctx, m.ID)
	if err != nil {
		return ModelDetail{}, err
	}
	serving := s.Models.Serving(ctx, m.ID)
	if again, found := s.entryOf(ref.ID, m.Provider); found { // who serves it may have told a price
		m = again
	}
	figures := map[string]usage.Figures{m.ID: {Requests: history.Requests, FirstTokenMs: usage.Quantiles{P75: history.FirstTokenP75Ms}}}
	out := ModelDetail{
		Entry: s.entryViewer(figures)(m, usable), Description: m.Description, Upstream: m.Upstream,
		InputModalities: orNone(m.InputModalities), OutputModalities: orNone(m.OutputModalities), Parameters: orNone(m.Parameters),
		Regions: orNone(m.Regions), Facts: []ModelFact{}, Price: priceView(m.Price), Offers: s.offers(m, serving),
		OffersProblem: serving.Problem, History: history, Raw: m.Raw,
	}
	for _, f := range m.Fields() {
		out.Facts = append(out.Facts, ModelFact{Field: string(f), Origin: originView(m.Origin(f))})
	}
	return out, nil
}

// findModel finds an entry: virtual models first, then those that can be asked for.
func (s *Service) findModel(ref ModelRef) (m catalog.Model, usable, ok bool) {
	if ref.Provider == "" || ref.Provider == routing.VirtualProvider {
		for _, v := range s.World().VirtualModels() {
			if v.ID == ref.ID {
				return v, true, true
			}
		}
	}
	c := s.Models.Catalog()
	for _, m := range c.Entries(ref.ID) {
		if ref.Provider == "" || m.Provider == ref.Provider {
			return m, true, true
		}
	}
	for _, m := range c.Known() {
		if m.ID == ref.ID && (ref.Provider == "" || m.Provider == ref.Provider) {
			return m, false, true
		}
	}
	return catalog.Model{}, false, false
}

func (s *Service) entryOf(id, by string) (catalog.Model, bool) {
	m, _, ok := s.findModel(ModelRef{ID: id, Provider: by})
	return m, ok
}

func (s *Service) modelHistory(ctx context.Context, id string) (ModelHistory, error) {
	since := s.Now().Add(-historyOf)
	report, err := s.History.Report(ctx, usage.ReportQuery{From: since, Filter: usage.Filter{Models: []string{id}}, Quantiles: true})
	if err != nil {
		return ModelHistory{}, err
	}
	f := report.Totals
	return ModelHistory{
		Since: since, Requests: f.Requests, Errors: f.Errors, CostPicoUSD: f.CostPicoUSD, UnknownCost: f.UnknownCost,
		InputTokens: f.InputTokens, OutputTokens: f.OutputTokens, FirstTokenP50Ms: f.FirstTokenMs.P50, FirstTokenP75Ms: f.FirstTokenMs.P75,
		DurationP75Ms: f.DurationMs.P75, TokensPerSecond: f.TokensPerSecond.P50,
	}, nil
}

// setFavourite makes a model a favourite or takes it out.
func (s *Service) setFavourite(_ context.Context, p ModelFavourite) (Favourites, error) {
	err := s.Settings.Modify(func(set *settings.Settings) error {
		set.Favourites = slices.DeleteFunc(set.Favourites, func(id string) bool { return id == p.Model })
		if p.Favourite {
			set.Favourites = append(set.Favourites, p.Model)
		}
		return nil
	})
	if err != nil {
		return Favourites{}, llm.Errorf(llm.ErrBadRequest, "the favourites could not be saved: %w", err)
	}
	s.Broker.PublishEnd(modellist.EventType, struct{}{})
	return Favourites{orNone(s.Settings.Snapshot().Favourites)}, nil
}
