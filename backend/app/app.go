// Package app puts Gatehouse together: it opens the services in order, connects them, and closes them in the opposite
// order. Every face (window, tray, command line, `serve`) is built on a Core.
//
// It decides nothing else, and must not know Wails, the tray or the command line.
package app

import (
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"gatehouse/backend/balance"
	"gatehouse/backend/budget"
	"gatehouse/backend/catalog"
	"gatehouse/backend/chat"
	"gatehouse/backend/contents"
	"gatehouse/backend/control"
	"gatehouse/backend/credential"
	"gatehouse/backend/drift"
	"gatehouse/backend/event"
	"gatehouse/backend/fetch"
	"gatehouse/backend/health"
	"gatehouse/backend/llm"
	"gatehouse/backend/modellist"
	"gatehouse/backend/provider"
	"gatehouse/backend/proxy"
	"gatehouse/backend/rollout"
	"gatehouse/backend/routing"
	"gatehouse/backend/settings"
	"gatehouse/backend/store"
	"gatehouse/backend/telemetry"
	"gatehouse/backend/usage"
)

// Options is how a Core is opened.
type Options struct {
	// Home is the state folder; see Home.
	Home string
	// Version is the program's own, Build is "desktop" or "headless".
	Version, Build string
	// Addr is where the endpoint shall listen, instead of where settings say.
	Addr string
	// Pages is the built web UI.
	Pages fs.FS
	// Stderr also gets the log's warnings and errors, besides the log file, where it is not nil.
	Stderr slog.Handler
}

// Core is a Gatehouse without a face.
type Core struct {
	Options
	broker     *event.Broker
	logger     *slog.Logger
	service    *control.Service
	dispatcher *control.Dispatcher
	door       *proxy.Server
	settings   *settings.Document
	chat       *chat.Chats
	pages      *control.Browser
	socket     *control.Socket
	closers    []func(context.Context)
	table      atomic.Pointer[provider.Table]
	routing    atomic.Pointer[routing.Config]
	board      *health.Board
	rollouts   *rollout.Keeper
	budgets    *budget.Keeper
	budgeting  sync.Mutex // is held while budgets are told what settings say
	history    *usage.History
	drift      *drift.Keeper
	contents   *contents.Contents
	places     *store.Bucket[Place]
	metrics    *telemetry.Metrics
	traces     *telemetry.Traces // nil is none
	meter      *telemetry.Meter  // nil is none
	balances   *balance.Keeper
}

// easeCollector lets garbage wait: what lives is a few megabytes, so that collecting at twice that would take a seventh of
// the time that a request takes. GOGC, where it is set, stands.
func easeCollector() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(proxy.GCPercent)
	}
}

// Open opens everything but the doors. It gives store.ErrLocked where another Gatehouse has the state folder.
func Open(o Options) (core *Core, err error) {
	easeCollector()
	c := &Core{Options: o, broker: &event.Broker{}}
	defer func() {
		if err != nil {
			c.Close(context.Background())
		}
	}()
	redactor := credential.NewRedactor()
	if err := c.openLog(redactor); err != nil {
		return nil, err
	}
	db, err := store.Open(filepath.Join(o.Home, "gatehouse.db"), store.Options{Logger: c.logger})
	if err != nil {
		return nil, err
	}
	c.onClose(func(context.Context) { c.check("the database", db.Close()) })
	c.check("what was left of a backup", control.Tidy(o.Home))

	doc, err := settings.Open(filepath.Join(o.Home, settings.FileName), settings.Options{Logger: c.logger, BuiltIn: builtIn(), Check: checkOptions})
	if err != nil {
		return nil, err
	}
	c.settings = doc
	c.onClose(func(context.Context) { c.check("settings", doc.Close()) })
	c.setTable(doc.Snapshot())

	c.openPlace(db)
	return c, c.openServices(db, redactor)
}

// Start opens the doors: the endpoint, the command line's socket and the pages. A port in use is no error here: it
// shows in the status, and everything else works.
func (c *Core) Start() error {
	if err := c.listen(); err != nil {
		c.logger.Error("the endpoint does not listen", "error", err)
		c.service.SetEndpointProblem(llm.AsError(err).Message)
	}
	if addr := c.settings.Snapshot().Ollama.Addr; addr != "" {
		if err := c.door.Listen(addr); err != nil {
			c.logger.Error("the endpoint does not listen where Ollama's clients look for it", "error", err)
		}
	}
	c.pages = control.NewBrowser(c.service, c.dispatcher, c.Pages) // beside the endpoint's port
	socket, err := control.ListenSocket(c.Home, c.service.API(c.dispatcher), c.logger)
	if err != nil {
		return err
	}
	c.socket = socket
	return nil
}

func (c *Core) listen() error {
	addr := c.Addr
	if addr == "" {
		addr = c.settings.Snapshot().Addr
	}
	return c.door.Listen(addr)
}

// Close ends everything; requests that run may finish until ctx ends.
func (c *Core) Close(ctx context.Context) {
	if c.chat != nil {
		c.chat.StopAll()
	}
	if c.door != nil {
		if err := c.door.Shutdown(ctx); err != nil {
			c.logger.Warn("requests were cut off at shutdown", "error", err)
		}
	}
	if c.socket != nil {
		c.socket.Close()
	}
	if c.pages != nil {
		c.pages.Close()
	}
	for i := len(c.closers) - 1; i >= 0; i-- {
		c.closers[i](ctx)
	}
	c.closers = nil
}

func (c *Core) onClose(f func(context.Context)) { c.closers = append(c.closers, f) }

func (c *Core) check(what string, err error) {
	if err != nil {
		c.logger.Error("closing failed", "what", what, "error", err)
	}
}

// Dispatcher gives the calls.
func (c *Core) Dispatcher() *control.Dispatcher { return c.dispatcher }

// Events gives the event feed.
func (c *Core) Events() *event.Broker { return c.broker }

// Service gives the admin surface.
func (c *Core) Service() *control.Service { return c.service }

// Logger gives the log.
func (c *Core) Logger() *slog.Logger { return c.logger }

func (c *Core) limits() proxy.Limits {
	s := c.settings.Snapshot()
	return proxy.Limits{
		MaxBodyBytes: s.MaxBodyBytes, AllowedOrigins: s.AllowedOrigins, OllamaWithoutKey: s.Ollama.AllowWithoutKey,
		MetricsWithoutKey: s.Metrics.AllowWithoutKey,
	}
}

func (c *Core) fetchLimits() fetch.Limits {
	s := c.settings.Snapshot().Fetch
	return fetch.Limits{MaxBytes: s.MaxBytes, AllowPrivate: s.AllowPrivate}
}

func (c *Core) setTable(s *settings.Settings) {
	overrides := map[provider.ID]provider.Override{}
	for id, p := range s.Providers {
		overrides[id] = provider.Override{Name: p.Name, BaseURL: p.BaseURL, Local: p.Local}
	}
	table := provider.NewTable(overrides)
	c.table.Store(&table)
	c.routing.Store(routingConfig(s))
}

func (c *Core) modelSource() modellist.Source {
	s := c.settings.Snapshot()
	overrides := map[string]catalog.Override{}
	for id, m := range s.Catalog {
		overrides[id] = overrideOf(m)
	}
	return modellist.Source{Providers: *c.table.Load(), Overrides: overrides, Discover: s.DiscoverLocal, Hosted: s.HostedList}
}
