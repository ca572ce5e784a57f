// Package control is the one admin surface: calls and an event feed behind three faces, which are the window (bound
// calls), the command line (a Unix socket that only the user can reach) and a browser (loopback HTTP with a one-time
// link). All faces see the same calls, the same view types and the same events.
//
// It holds no truth of its own: it asks the services and gives commands to them. It must not know Wails, the tray, or how
// a request is carried. Its faces are never reachable with a local API key, nor the model endpoints with what its faces
// take.
package control

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"gatehouse/backend/access"
	"gatehouse/backend/balance"
	"gatehouse/backend/budget"
	"gatehouse/backend/chat"
	"gatehouse/backend/compare"
	"gatehouse/backend/connect"
	"gatehouse/backend/contents"
	"gatehouse/backend/credential"
	"gatehouse/backend/drift"
	"gatehouse/backend/event"
	"gatehouse/backend/health"
	"gatehouse/backend/modellist"
	"gatehouse/backend/provider"
	"gatehouse/backend/rollout"
	"gatehouse/backend/routing"
	"gatehouse/backend/secret"
	"gatehouse/backend/settings"
	"gatehouse/backend/store"
	"gatehouse/backend/stray"
	"gatehouse/backend/usage"
)

// Endpoint is the loopback door.
type Endpoint interface {
	Addresses() []string
	Paused() bool
	SetPaused(bool)
}

// Checker asks a provider whether it accepts a credential. Its errors are *llm.Error.
type Checker interface {
	Check(ctx context.Context, p *provider.Provider, secret string) error
}

// Options is what a Service is made of. All are needed.
type Options struct {
	Version, Build, Home string
	Settings             *settings.Document
	Keychain             *secret.Keychain
	Credentials          *credential.Store
	Keys                 *access.Keys
	History              *usage.History
	Drift                *drift.Keeper
	Models               *modellist.List
	Chat                 *chat.Chats
	Compare              *compare.Comparisons
	Contents             *contents.Contents
	DB                   *store.DB
	Endpoint             Endpoint
	Checker              Checker
	Balances             *balance.Keeper
	// Collectors asks those of traces and metrics whether they take what they are sent. Its errors are *llm.Error.
	Collectors func(ctx context.Context) error
	Providers  func() provider.Table
	// World gives the snapshot that requests are decided on.
	World func() routing.World
	// Routing gives what settings say of routing, without rollouts.
	Routing  func(*settings.Settings) *routing.Config
	Health   *health.Board
	Rollouts *rollout.Keeper
	Budgets  *budget.Keeper
	// BudgetsChanged tells the budgets at once of settings that were changed here.
	BudgetsChanged func()
	// ContentsChanged has what settings say of contents hold at once.
	ContentsChanged func()
	// Editors points editors' settings at the endpoint.
	Editors *connect.Editors
	// Stray finds keys that lie around in files.
	Stray  *stray.Strays
	Broker *event.Broker
	// Login starts the program when its user logs in; nil in a build without a window.
	Login  Login
	Logger *slog.Logger
	Now    func() time.Time
}

// Window is what a desktop build adds; nil members do nothing.
type Window struct {
	Show, Hide, Quit func()
	// Open shows the window on one of its pages.
	Open func(WindowPage)
}

// Service implements Methods. It is safe for concurrent use.
type Service struct {
	Options
	started time.Time

	mu       sync.Mutex
	window   Window
	tray     bool
	failed   string // why the endpoint does not listen
	tests    map[CredentialRef]CredentialTest
	links    *links
	browser  *Browser
	lastSent []byte
}

// New makes a Service.
func New(o Options) *Service {
	return &Service{Options: o, started: o.Now(), tests: map[CredentialRef]CredentialTest{}}
}

// Methods gives the calls.
func (s *Service) Methods() *Methods {
	return &Methods{
		StatusGet:         func(context.Context, Empty) (Status, error) { return s.Status(), nil },
		EndpointPause:     func(context.Context, Empty) (Empty, error) { return s.pause(true) },
		EndpointResume:    func(context.Context, Empty) (Empty, error) { return s.pause(false) },
		ModelsList:        func(context.Context, Empty) (ModelList, error) { return s.modelList(), nil },
		ModelsCatalog:     s.catalogView,
		ModelsGet:         s.modelDetail,
		ModelsFavourite:   s.setFavourite,
		ModelsRefresh:     s.refreshModels,
		ActiveModelGet:    s.activeModel,
		ActiveModelSet:    s.setActiveModel,
		CredentialsList:   s.credentialList,
		CredentialsSet:    s.setCredential,
		CredentialsTest:   s.testCredential,
		CredentialsRemove: s.removeCredential,
		CredentialBalance: s.askBalance,
		BalancesAsk:       s.askBalances,
		KeysList:          s.keyList,
		KeysCreate:        s.createKey,
		KeysRevoke:        s.revokeKey,
		UsageList:         s.usageList,
		UsageTotals:       s.usageTotals,
		UsageReport:       s.usageReport,
		UsageRequests:     s.usageRequests,
		UsagePrefixes:     s.usagePrefixes,
		UsageDrift:        s.usageDrift,
		UsageExport:       s.exportUsage,
		UsageDelete:       s.deleteUsage,
		Backup:            s.backUp,
		Restore:           s.restore,
		UsageGet:          s.usageGet,
		ContentsList:      func(context.Context, Empty) (ContentsList, error) { return s.contentsList(), nil },
		ContentsSet:       s.setContents,
		ContentsGet:       s.contentsOf,
		ChatList:          s.chatList,
		ChatGet:           s.chatGet,
		ChatSend:          s.chatSend,
		ChatStop:          s.chatStop,
		ChatRetry:         s.chatRetry,
		ChatRename:        s.chatRename,
		ChatEdit:          s.chatEdit,
		ChatBranch:        s.chatBranch,
		ChatPin:           s.chatPin,
		ChatConfigure:     s.chatConfigure,
		ChatDefaults:      s.chatDefaults,
		ChatSetDefaults:   s.setChatDefaults,
		ChatFile:          s.chatFile,
		ChatDelete:        s.chatDelete,
		ChatRestore:       s.chatRestore,
		CompareList:       s.compareList,
		CompareGet:        s.compareGet,
		CompareStart:      s.compareStart,
		CompareStop:       s.compareStop,
		ComparePick:       s.comparePick,
		CompareDelete:     s.compareDelete,
		CompareRestore:    s.compareRestore,
		ComparePrompts:    s.comparePrompts,
		RouteExplain:      s.route,
		HealthList:        func(context.Context, Empty) (HealthList, error) { return s.healthList(), nil },
		HealthReset:       s.resetHealth,
		ConnectList:       s.editorList,
		ConnectPlan:       s.editorPlan,
		ConnectApply:      s.connectEditor,
		ConnectRevert:     s.disconnectEditor,
		StrayList:         s.strayList,
		StrayPlan:         s.strayPlan,
		StrayMove:         s.strayMove,
		StrayRevert:       s.strayRevert,
		DoctorRun:         s.doctor,
		RolloutsList:      func(context.Context, Empty) (RolloutList, error) { return s.rolloutList(), nil },
		RolloutsSet:       s.setRollout,
		RolloutsStop:      s.stopRollout,
		RolloutsResume:    s.resumeRollout,
		BudgetsList:       func(ctx context.Context, _ Empty) (BudgetList, error) { return s.budgetList(ctx) },
		BudgetsSet:        s.setBudget,
		BudgetsAllow:      s.allowBudget,
		BudgetsRemove:     s.removeBudget,
		KeysLimit:         s.limitKey,
		SettingsGet:       s.settingsView,
		SettingsPreview:   s.previewSettings,
		SettingsApply:     s.applySettings,
		PagesLink:         s.pagesLink,
		PagesFault:        s.pagesFault,
		ActivityGet:       s.activity,
		AutostartSet:      s.setAutostart,
		NotificationsSet:  s.setNotifications,
		WindowOpen:        s.openWindow,
		WindowShow: func(context.Context, Empty) (Empty, error) {
			return s.windowCommand(func(w Window) func() { return w.Show })
		},
		WindowHide: func(context.Context, Empty) (Empty, error) {
			return s.windowCommand(func(w Window) func() { return w.Hide })
		},
		Quit: func(context.Context, Empty) (Empty, error) {
			return s.windowCommand(func(w Window) func() { return w.Quit })
		},
	}
}

// SetWindow says who shows, hides and quits.
func (s *Service) SetWindow(w Window) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.window = w
}

// SetTray says whether a tray shows our icon.
func (s *Service) SetTray(present bool) {
	s.mu.Lock()
	s.tray = present
	s.mu.Unlock()
	s.Changed()
}

// SetEndpointProblem says why the endpoint does not listen; empty when it does.
func (s *Service) SetEndpointProblem(problem string) {
	s.mu.Lock()
	s.failed = problem
	s.mu.Unlock()
	s.Changed()
}

// Changed publishes the status if it is another than the one published last.
func (s *Service) Changed() {
	status := s.Status()
	text, err := json.Marshal(status)
	if err != nil {
		s.Logger.Error("the status can't be written", "error", err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if string(text) == string(s.lastSent) {
		return
	}
	s.lastSent = text
	s.Broker.PublishEnd("status", status)
}

// Status is the state of everything, now.
func (s *Service) Status() Status {
	set := s.Settings.Snapshot()
	chain := s.Keychain.Status()
	problem, dropped := s.History.Health()
	s.mu.Lock()
	defer s.mu.Unlock()
	return Status{
		Version: s.Version, Build: s.Build, StartedAt: s.started, Home: s.Home, ActiveModel: set.ActiveModel,
		Endpoint: s.endpointStatus(set.Addr),
		Keychain: KeychainStatus{State: string(chain.State), Reason: chain.Reason, Advice: chain.Advice},
		Settings: SettingsStatus{Path: s.Settings.Path(), Problem: toProblem(s.Settings.Problem())},
		History:  HistoryStatus{Path: s.DB.Path(), SetAside: s.DB.SetAside(), Problem: problem, Dropped: dropped},
		Warnings: append(append([]string{}, s.Credentials.Warnings()...), s.Rollouts.Warnings()...),
		Budgets:  s.budgetStatus(), Contents: s.contentsKept(),
		Tray: s.tray, Autostart: s.autostart(), Notifications: set.Notifications,
	}
}

func (s *Service) endpointStatus(addr string) EndpointStatus {
	e := EndpointStatus{URL: "http://" + addr, Addresses: s.Endpoint.Addresses(), State: "on", Problem: s.failed}
	if len(e.Addresses) > 0 {
		e.URL = "http://" + e.Addresses[0]
	}
	switch {
	case s.failed != "":
		e.State = "failed"
	case s.Endpoint.Paused():
		e.State = "paused"
	}
	return e
}

func toProblem(p *settings.Problem) *Problem {
	if p == nil {
		return nil
	}
	return &Problem{Message: p.Message, Line: p.Line, Column: p.Column}
}

func (s *Service) pause(paused bool) (Empty, error) {
	s.Endpoint.SetPaused(paused)
	s.Changed()
	return Empty{}, nil
}
