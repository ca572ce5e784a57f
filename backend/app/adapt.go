package app

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"time"

	"gopkg.in/natefinch/lumberjack.v2"

	"gatehouse/backend/balance"
	"gatehouse/backend/catalog"
	"gatehouse/backend/credential"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
	"gatehouse/backend/settings"
)

// homeVariable names the state folder.
const homeVariable = "GATEHOUSE_HOME"

// Home finds the state folder: GATEHOUSE_HOME, else the system's per-user configuration folder + gatehouse.
func Home() (string, error) {
	if home := os.Getenv(homeVariable); home != "" {
		return filepath.Abs(home)
	}
	config, err := os.UserConfigDir()
	if err != nil {
		return "", llm.Errorf(llm.ErrBadRequest, "no folder to keep things in was found (%w); set GATEHOUSE_HOME", err)
	}
	return filepath.Join(config, "gatehouse"), nil
}

// openLog makes the log: one file of bounded size and age, and the redactor as the only way into it.
func (c *Core) openLog(redactor *credential.Redactor) error {
	folder := filepath.Join(c.Home, "logs")
	for _, dir := range []string{c.Home, folder} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return llm.Errorf(llm.ErrInternal, "the state folder can't be made: %w; set GATEHOUSE_HOME to a folder that can be written", err)
		}
	}
	if err := os.Chmod(c.Home, 0o700); err != nil { //nolint:gosec // a folder needs its x bit
		return llm.Errorf(llm.ErrInternal, "the state folder can't be made private: %w", err)
	}
	file := &lumberjack.Logger{Filename: filepath.Join(folder, "gatehouse.log"), MaxSize: 5, MaxBackups: 4, MaxAge: 60}
	c.onClose(func(context.Context) { _ = file.Close() })
	var out slog.Handler = slog.NewTextHandler(file, nil)
	if c.Stderr != nil {
		out = slog.NewMultiHandler(out, c.Stderr)
	}
	c.logger = slog.New(redactor.Handler(out))
	return nil
}

// builtIn gives the ids of the built-in providers.
func builtIn() []string {
	var ids []string
	for _, p := range provider.NewTable(nil).Sorted() {
		ids = append(ids, p.ID)
	}
	return ids
}

// openBalances makes who asks providers what is left. The credentials are there when somebody wants to see it.
func (c *Core) openBalances(client *provider.Client, credentials func() *credential.Store) *balance.Keeper {
	return balance.New(balance.Options{
		Provider: func(id provider.ID) *provider.Provider { return (*c.table.Load())[id] },
		Secret: func(ctx context.Context, r balance.Ref) (string, error) {
			found, err := credentials().LookupNamed(ctx, r.Provider, r.Name)
			return found.Secret, err
		},
		Ask: client.Balance, Broker: c.broker, Now: time.Now,
	})
}

// hostedBalance gives what is left on the hosted gateway's account, if there is a credential for it.
func hostedBalance(balances *balance.Keeper, credentials *credential.Store) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		names, err := credentials.Names(ctx, provider.Gateway)
		if err != nil || len(names) == 0 {
			return "", err
		}
		state, err := balances.Ask(ctx, balance.Ref{Provider: provider.Gateway, Name: names[0]}, time.Minute)
		switch {
		case err != nil:
			return "", err
		case state.Err != nil:
			return "", state.Err
		}
		return state.Balance.Amounts[0].Amount, nil
	}
}

// gatewaySecrets gives the gateway the credential that an attempt is for.
type gatewaySecrets struct{ secretsOf }

func (s gatewaySecrets) Secret(ctx context.Context, id provider.ID, name string) (string, error) {
	c, err := s.store.LookupNamed(ctx, id, name)
	return c.Secret, err
}

// pricer tells the usage history what calls cost.
type pricer struct {
	catalog func() *catalog.Catalog
	now     func() time.Time
}

func (p pricer) Bill(id, model string, u llm.Usage) *catalog.Bill {
	price, ok := p.catalog().Price(id, model)
	if !ok {
		return nil
	}
	if u.Tier == gateway.BatchTier {
		price = ofBatches(id, price)
	}
	bill := price.Cost(u, p.now())
	return &bill
}

// Cost is the sum of Bill, in 1e-12 USD.
func (p pricer) Cost(provider, model string, u llm.Usage) (picoUSD int64, known bool) {
	bill := p.Bill(provider, model, u)
	if bill == nil || !bill.Known {
		return 0, false
	}
	return int64(bill.Total), true
}

// ofBatches gives a price with what the provider's list says of batches, where nobody said it of the model.
func ofBatches(id provider.ID, price catalog.Price) catalog.Price {
	multiplier := provider.BatchMultiplier(id)
	if _, said := price.Services[gateway.BatchTier]; said || multiplier == 0 {
		return price
	}
	services := maps.Clone(price.Services)
	if services == nil {
		services = map[string]catalog.Variant{}
	}
	services[gateway.BatchTier] = catalog.Variant{Multiplier: multiplier}
	price.Services = services
	return price
}

func overrideOf(m settings.ModelOverride) catalog.Override {
	o := catalog.Override{Name: m.Name, Description: m.Description, Type: m.Type, Tags: m.Tags}
	if m.ContextWindow != nil {
		o.ContextWindow = *m.ContextWindow
	}
	if m.MaxTokens != nil {
		o.MaxOutput = *m.MaxTokens
	}
	if m.Pricing != nil {
		o.Price = priceOf(m.Pricing)
	}
	return o
}

// priceOf reads the user's own prices as lists of models are read: they have the same shape.
func priceOf(p *settings.Pricing) catalog.Price {
	text, err := json.Marshal(p)
	if err != nil { // checked numbers and texts always marshal
		return catalog.Price{}
	}
	price, _ := provider.PriceOf(text)
	return price
}
