package tray

import (
	"context"
	"embed"
	"log/slog"
	"runtime"
	"sync"

	"fyne.io/systray"
)

// Commands is what the menu can ask for. Calls come from several goroutines and may take their time, but must not wait
// for the tray to stop. Errors are the callee's to report: the menu shows only what the next state says.
type Commands interface {
	UseModel(id string)
	SetPaused(paused bool)
	ShowWindow()
	ShowPage(page, item string)
	AllowMore(budget, amount string)
	SetAutostart(on bool)
	Quit()
}

// Options is what a Tray needs.
type Options struct {
	Commands Commands
	// First is what to show at the start.
	First State
	// Presence is told when the icon becomes visible to the user and when it stops being so, from one goroutine; it
	// must not wait for the tray to stop.
	Presence func(present bool)
	Log      *slog.Logger
}

// Tray is the icon with its menu.
type Tray struct {
	options Options
	host    *host
	driver  *driver
	end     func()
	// painted names the icon that is shown; it belongs to whoever draws.
	painted string

	mu     sync.Mutex
	latest State
	wake   chan struct{}

	// building is held while the library builds the menu, at a moment of its own choice.
	building sync.Mutex
	stop     context.CancelFunc
	wait     sync.WaitGroup
}

// New makes a tray that shows nothing yet.
func New(o Options) *Tray {
	t := &Tray{options: o, latest: o.First, wake: make(chan struct{}, 1)}
	t.driver = newDriver(t.click)
	return t
}

// Start puts the icon into the tray, where there is one, and goes on trying where there is none yet. It must be called
// on the main goroutine and before the window's loop runs: macOS accepts it only there.
func (t *Tray) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	t.stop = cancel
	host, err := findHost()
	if err != nil {
		t.options.Log.Info("there is no tray: the session bus can't be reached", "error", err)
		return
	}
	t.host = host
	first := t.state()
	built := make(chan struct{})
	t.end = start(
		func() {
			t.paint(first)
			systray.SetTooltip(Tooltip(first))
		},
		func() {
			t.building.Lock()
			defer t.building.Unlock()
			if ctx.Err() == nil {
				t.driver.draw(Menu(first))
				close(built)
			}
		},
	)
	t.wait.Go(func() {
		select {
		case <-ctx.Done():
		case <-built:
			t.follow(ctx, first)
		}
	})
	t.wait.Go(func() { t.host.watch(ctx, t.options.Presence) })
}

// Update shows a new state, soon. Of several in a row only the last may be seen.
func (t *Tray) Update(s State) {
	t.mu.Lock()
	t.latest = s
	t.mu.Unlock()
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// Present tells whether a tray shows our icon at this moment, so that a hidden window can be brought back.
func (t *Tray) Present(ctx context.Context) bool {
	return t.host != nil && t.host.present(ctx)
}

// Stop takes the icon away and waits for what is running.
func (t *Tray) Stop() {
	if t.stop == nil {
		return
	}
	t.building.Lock()
	t.stop()
	t.building.Unlock()
	if t.end != nil {
		t.finish()
	}
	t.driver.stop()
	t.wait.Wait()
	if t.host != nil {
		t.host.close()
	}
}

// finish ends the library's part. It has paths that fail on a connection which is already gone.
func (t *Tray) finish() {
	defer func() {
		if r := recover(); r != nil {
			t.options.Log.Warn("the tray did not end cleanly", "cause", r)
		}
	}()
	t.end()
}

func (t *Tray) state() State {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.latest
}

func (t *Tray) follow(ctx context.Context, shown State) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.wake:
		}
		s := t.state()
		t.paint(s)
		if text := Tooltip(s); text != Tooltip(shown) {
			systray.SetTooltip(text)
		}
		t.driver.draw(Menu(s))
		shown = s
	}
}

func (t *Tray) click(c Click) {
	switch c.Verb {
	case Pause, Resume:
		t.options.Commands.SetPaused(c.Verb == Pause)
	case UseModel:
		t.options.Commands.UseModel(c.What)
	case ShowWindow:
		t.options.Commands.ShowWindow()
	case ShowPage:
		t.options.Commands.ShowPage(c.What, c.Item)
	case AllowMore:
		t.options.Commands.AllowMore(c.What, c.Item)
	case StartAtLogin, DontStartAtLogin:
		t.options.Commands.SetAutostart(c.Verb == StartAtLogin)
	case Quit:
		t.options.Commands.Quit()
	}
}

//go:embed icons
var icons embed.FS

// paint sets the icon. Windows takes .ico files only; macOS tints a template itself.
func (t *Tray) paint(s State) {
	name := "paused"
	if s.Endpoint == EndpointOn {
		name = "on"
	}
	if name == t.painted {
		return
	}
	t.painted = name
	kind := ".png"
	if runtime.GOOS == "windows" {
		kind = ".ico"
	}
	regular, err := icons.ReadFile("icons/" + name + kind)
	if err != nil {
		t.options.Log.Error("a tray icon is missing", "error", err)
		return
	}
	template, err := icons.ReadFile("icons/" + name + "-template.png")
	if err != nil {
		t.options.Log.Error("a tray icon is missing", "error", err)
		return
	}
	systray.SetTemplateIcon(template, regular)
}
