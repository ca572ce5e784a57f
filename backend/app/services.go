package app

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"time"

	"gatehouse/backend/access"
	"gatehouse/backend/answers"
	"gatehouse/backend/budget"
	"gatehouse/backend/calibration"
	"gatehouse/backend/catalog"
	"gatehouse/backend/chat"
	"gatehouse/backend/compare"
	"gatehouse/backend/contents"
	"gatehouse/backend/control"
	"gatehouse/backend/credential"
	"gatehouse/backend/event"
	"gatehouse/backend/fetch"
	"gatehouse/backend/gateway"
	"gatehouse/backend/health"
	"gatehouse/backend/modellist"
	"gatehouse/backend/objects"
	"gatehouse/backend/prefix"
	"gatehouse/backend/provider"
	"gatehouse/backend/provider/sim"
	"gatehouse/backend/proxy"
	"gatehouse/backend/rollout"
	"gatehouse/backend/routing"
	"gatehouse/backend/secret"
	"gatehouse/backend/settings"
	"gatehouse/backend/store"
	"gatehouse/backend/usage"
)

// openServices opens what Gatehouse remembers and decides, from the ground up, and connects it.
func (c *Core) openServices(db *store.DB, redactor *credential.Redactor) error {
	keys, err := access.Open(db, access.Options{Now: time.Now, Broker: c.broker, Logger: c.logger})
	if err != nil {
		return err
	}
	c.onClose(func(ctx context.Context) { c.check("API keys", keys.Close(ctx)) })

	keychainChanged := make(chan struct{}, 1)
	keychain := secret.New(secret.Options{Logger: c.logger, Changed: func() {
		select {
		case keychainChanged <- struct{}{}:
		default: // the one that waits tells it too
		}
	}})
	c.onClose(func(context.Context) { keychain.Close() })
	client := provider.NewClient(sim.Handler(sim.Options{Logger: c.logger}))
	c.onClose(func(context.Context) { client.Close() })
	var credentials *credential.Store // which asks the board to forget, and is asked by it when there are requests
	c.balances = c.openBalances(client, func() *credential.Store { return credentials })
	c.board, err = health.Open(health.Options{
		DB: db, Now: time.Now, Broker: c.broker, Logger: c.logger,
		Mark: func(id provider.ID, name string) string { return credentials.Mark(id, name) },
	})
	if err != nil {
		return err
	}
	credentials = credential.New(credential.Options{
		Keychain: keychain, Specs: specs(*c.table.Load(), c.settings.Snapshot()), Redactor: redactor, Broker: c.broker, Logger: c.logger,
		Replaced: func(id provider.ID) {
			c.board.Changed(id)
			c.balances.Forget(id)
		},
	})
	c.onClose(func(context.Context) { credentials.Close() })
	secrets := secretsOf{credentials}
	models, err := modellist.Open(modellist.Options{
		Lister: client, Secrets: secrets, Source: c.modelSource, DB: db, Broker: c.broker, Logger: c.logger, Now: time.Now,
	})
	if err != nil {
		return err
	}
	c.onClose(func(context.Context) { models.Close() })

	if c.rollouts, err = rollout.Open(rollout.Options{DB: db, Now: time.Now, Broker: c.broker, Logger: c.logger}); err != nil {
		return err
	}
	c.onClose(func(context.Context) { c.rollouts.Close() })
	c.setRollouts()

	prices := pricer{models.Catalog, time.Now}
	c.metrics = c.openMetrics()
	if err := c.openTelemetry(credentials, redactor); err != nil {
		return err
	}
	c.openBudgets(db, prices)
	c.openDrift(db, client, gatewaySecrets{secrets})
	c.openContents()
	history, err := usage.Open(db, usage.Options{
		Now: time.Now, Logger: c.logger, Broker: c.broker, Pricer: prices,
		View:    func(r usage.Record) any { return control.UsageView(r) },
		Keep:    func() usage.Keep { return keepOf(c.settings.Snapshot().History) },
		Changed: c.historyChanged,
		Deleted: func(d usage.Deletion) { c.contents.Delete(contents.Range(d)) },
		Settled: func(r *usage.Record) {
			c.budgets.Settled(spentOf(r))
			settled(c.rollouts, r)
			c.metrics.Settled(r)
			c.traces.Settled(r)
			offerDrift(c.drift, r)
			c.meter.Settled(r)
		},
	})
	if err != nil {
		return err
	}
	c.history = history
	c.onClose(func(ctx context.Context) { c.check("the usage history", history.Close(ctx)) })
	c.onClose(func(context.Context) { c.budgets.Close() })
	c.setBudgets()

	counts := calibration.Open(db, calibration.Options{Now: time.Now, Logger: c.logger})
	c.onClose(func(context.Context) { counts.Close() })

	shared := credentialWorld{credentials, c.board, c.settings.Snapshot}
	world := func() routing.World {
		return routing.World{
			Active: c.settings.Snapshot().ActiveModel, Providers: *c.table.Load(), Catalog: models.Catalog(),
			Config: c.routingNow(), HasCredential: secrets.has, Missing: secrets.missing, Credentials: shared.of, Balance: shared.balance,
			Health: c.board.State, Measured: c.board.Measured, Stuck: c.board.Stuck, Now: time.Now(),
		}
	}
	gate := gateway.New(gateway.Options{
		World: world, Upstream: client, Credentials: gatewaySecrets{secrets}, Recorder: history, Health: c.board, Purse: c.budgets,
		Ledger: history, Contents: c.contents,
		Objects:     objects.Open(db, objects.Options{Now: time.Now, Logger: c.logger}),
		Calibration: counts, Redact: redactor.RedactBytes, Conceal: credential.Conceal, Files: fetch.New(c.fetchLimits), Price: prices.Cost,
		Tracing: func() gateway.Tracing {
			return gateway.Tracing{Propagate: c.settings.Snapshot().Traces.Propagate, Spans: c.traces != nil}
		},
		Prefixes: prefix.New(time.Now), Now: time.Now, Logger: c.logger,
	})
	kept, err := answers.Open(db, answers.Options{Now: time.Now, Logger: c.logger}, proxy.InterruptedAnswer)
	if err != nil {
		return err
	}
	c.onClose(func(ctx context.Context) { c.check("kept answers", kept.Close(ctx)) })
	c.door = proxy.New(proxy.Options{
		Keys: keys, Gateway: gate, Answers: kept, Limits: c.limits, Catalog: models.Catalog,
		Virtual: func() []catalog.Model { return world().VirtualModels() },
		Active:  func() string { return c.settings.Snapshot().ActiveModel },
		History: history, Balance: hostedBalance(c.balances, credentials), Metrics: c.metrics.Handler(), Logger: c.logger,
	})
	c.chat, err = chat.Open(db, streamer{gate, prices}, chat.Options{
		Now: time.Now, Broker: c.broker, Logger: c.logger,
		Defaults: func(model string) chat.Defaults { return chatDefaults(c.settings.Snapshot(), model) },
	})
	if err != nil {
		return err
	}
	c.onClose(func(ctx context.Context) { c.check("chats", c.chat.Close(ctx)) })
	comparisons, err := compare.Open(db, streamer{gate, prices}, compare.Options{Broker: c.broker, Logger: c.logger})
	if err != nil {
		return err
	}
	c.onClose(func(ctx context.Context) { c.check("comparisons", comparisons.Close(ctx)) })

	c.service = control.New(control.Options{
		Version: c.Version, Build: c.Build, Home: c.Home, Settings: c.settings, Keychain: keychain, Credentials: credentials,
		Keys: keys, History: history, Drift: c.drift, Models: models, Chat: c.chat, Compare: comparisons, DB: db, Endpoint: c.door, Checker: client,
		Balances: c.balances, Collectors: func(ctx context.Context) error { return c.testCollectors(ctx, credentials) },
		Contents: c.contents, ContentsChanged: c.setContents,
		Providers: func() provider.Table { return *c.table.Load() }, World: world, Routing: routingConfig, Health: c.board, Rollouts: c.rollouts, Budgets: c.budgets, BudgetsChanged: c.setBudgets, Editors: c.openEditors(keys), Stray: c.openStray(keys, redactor.Add), Broker: c.broker, Logger: c.logger, Now: time.Now,
		Login: c.login(),
	})
	c.dispatcher = control.NewDispatcher(c.service.Methods())
	forget := func() { c.forget(keys, kept) }
	forget()
	c.watch(models, credentials, keychainChanged, forget)
	c.probe(keychain)
	return nil
}

// forget ends and removes what is kept for keys that were revoked.
func (c *Core) forget(keys *access.Keys, kept *answers.Answers) {
	usable := map[string]bool{}
	for _, k := range keys.List() {
		usable[k.ID] = k.RevokedAt == nil
	}
	alive := func(key string) bool { return usable[key] }
	c.door.KeysChanged(alive)
	c.check("the answers of revoked keys", kept.Prune(alive))
}

// probe looks for the keychain in the background: it may take a dialog's time.
func (c *Core) probe(keychain *secret.Keychain) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		keychain.Probe(ctx)
	}()
	c.onClose(func(context.Context) { cancel(); <-done })
}

// watch connects what changes with who must know.
func (c *Core) watch(
	models *modellist.List, credentials *credential.Store, keychainChanged <-chan struct{}, keysChanged func(),
) {
	cancel := c.settings.Subscribe(func(before, after *settings.Settings) {
		if before != after {
			c.setTable(after)
			if !reflect.DeepEqual(before.Providers, after.Providers) {
				c.board.Reset("") // who was not well may be somebody else now
				c.balances.Forget("")
			}
			credentials.SetSpecs(specs(*c.table.Load(), after))
			models.Changed()
			c.setRollouts()
			if !reflect.DeepEqual(before.Budgets, after.Budgets) || !reflect.DeepEqual(before.RateLimits, after.RateLimits) {
				c.setBudgets()
			}
			if before.History != after.History {
				c.history.KeepChanged()
			}
		}
		c.setContents()
		c.broker.PublishEnd(control.EventSettings, struct{}{})
		c.service.Changed()
	})
	c.onClose(func(context.Context) { cancel() })

	ctx, stop := context.WithCancel(context.Background())
	var loops sync.WaitGroup
	loops.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-keychainChanged:
				credentials.RefreshNow()
				c.service.Changed()
			}
		}
	})
	loops.Go(func() { c.board.Watch(ctx) })
	sub := c.broker.Subscribe(256)
	loops.Go(func() {
		for {
			e, err := sub.Next(ctx)
			switch {
			case errors.Is(err, event.ErrLagged):
				sub = c.broker.Subscribe(256)
				models.CredentialsChanged()
				c.service.Changed()
				keysChanged()
			case err != nil:
				sub.Close()
				return
			case e.Type == credential.EventType:
				models.CredentialsChanged()
				c.service.Changed()
			case e.Type == access.EventKeys:
				keysChanged()
			case e.Type == usage.EventHealth, e.Type == rollout.EventType, e.Type == budget.EventType:
				c.service.Changed()
			}
		}
	})
	c.onClose(func(context.Context) { stop(); loops.Wait() })
}
