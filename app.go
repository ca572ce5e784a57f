//go:build !headless

package main

import (
	"context"
	_ "embed"
	"fmt"
	"io/fs"
	"log"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wailsapp/wails/v2"
	"github.com/wailsapp/wails/v2/pkg/logger"
	"github.com/wailsapp/wails/v2/pkg/options"
	"github.com/wailsapp/wails/v2/pkg/options/assetserver"
	"github.com/wailsapp/wails/v2/pkg/options/linux"
	"github.com/wailsapp/wails/v2/pkg/runtime"

	"gatehouse/backend/app"
	"gatehouse/backend/control"
	"gatehouse/backend/desktop"
	"gatehouse/backend/llm"
	"gatehouse/backend/shell"
)

//go:embed build/appicon.png
var appIcon []byte

func init() { window = runWindow }

// runWindow runs the window and the tray until the user quits or ctx ends. It must be called on the main goroutine.
//
// Wails' own single-instance lock is not used: the core has taken its lock by now, one for each state folder, and
// Wails' would end a second instance with another folder by os.Exit.
func runWindow(ctx context.Context, core *app.Core, hidden bool) error {
	if _, err := fs.Stat(core.Pages, "index.html"); err != nil {
		return llm.Errorf(llm.ErrInternal, "this program was built without its pages; build it with `make build`")
	}
	// The libraries below write to the standard log.
	log.SetFlags(0)
	log.SetOutput(slog.NewLogLogger(core.Logger().Handler(), slog.LevelWarn).Writer())

	page := &wailsPage{core: core}
	feed := &desktop.Feed{Caller: core.Dispatcher(), Events: core.Events(), Emit: page.emit, Log: core.Logger()}
	running, cancel := context.WithCancel(ctx)
	icon := shell.NewIcon(running, core)
	life := desktop.NewWindow(icon.Present, feed.AskClose)
	core.Service().SetWindow(control.Window{Show: life.Show, Hide: life.Hide, Quit: life.Quit, Open: func(p control.WindowPage) {
		life.Open(func() { feed.AskPage(p) })
	}})
	if hidden {
		life.StartsHidden()
		page.hidden.Store(true)
	}
	if err := core.Start(); err != nil {
		cancel()
		return err
	}

	var wait sync.WaitGroup
	icon.Start()
	wait.Go(func() { icon.Follow(running) })
	wait.Go(func() { feed.Run(running) })
	wait.Go(func() { life.StayReachable(running, icon.Presence(), trayGrace) })
	stopQuit := context.AfterFunc(ctx, life.Quit)
	defer func() {
		page.end()
		stopQuit()
		cancel()
		wait.Wait()
		life.Wait()
		icon.Stop()
	}()

	place, placed := core.Place()
	if !placed {
		place = app.Place{Width: 1180, Height: 780}
	}
	return runWails(&options.App{
		Title: "Gatehouse", Width: max(place.Width, minWidth), Height: max(place.Height, minHeight), MinWidth: minWidth, MinHeight: minHeight,
		StartHidden: hidden, WindowStartState: startState(place),
		AssetServer: &assetserver.Options{Assets: core.Pages, Middleware: desktop.Headers},
		// Shown on text fields and selected text only; Wails' page script sees to that.
		EnableDefaultContextMenu: true,
		// A file dropped on the window would be opened in place of the page.
		DragAndDrop:        &options.DragAndDrop{DisableWebViewDrop: true},
		Logger:             wailsLog{core.Logger()},
		LogLevelProduction: logger.WARNING,
		Linux: &linux.Options{
			Icon: appIcon, ProgramName: "gatehouse", WebviewGpuPolicy: linux.WebviewGpuPolicyOnDemand,
		},
		Bind: []any{desktop.NewBridge(running, core.Dispatcher(), page.open, desktop.Dialogs{Save: page.save, Pick: page.pick})},
		OnStartup: func(wctx context.Context) {
			page.start(wctx)
			if placed {
				page.moveTo(place)
			}
			life.Started(page)
		},
		OnDomReady: func(wctx context.Context) {
			runtime.WindowExecJS(wctx, desktop.Links)
			life.Loaded()
		},
		OnBeforeClose: func(context.Context) bool { return life.BeforeClose(running) },
	})
}

// The least that the pages need, in pixels.
const (
	minWidth  = 900
	minHeight = 600
)

// trayGrace is how long a hidden window waits for a panel: one that restarts, or one that starts after us at login.
const trayGrace = 15 * time.Second

func startState(p app.Place) options.WindowStartState {
	if p.Maximised {
		return options.Maximised
	}
	return options.Normal
}

// runWails is wails.Run with an error for what is a panic there: a display that can't be opened.
func runWails(o *options.App) (err error) {
	avoidBlankWindow()
	defer func() {
		if r := recover(); r != nil {
			err = llm.Errorf(llm.ErrInternal,
				"the window can't be opened (%v); `gatehouse serve` runs without one and `gatehouse ui` opens the pages in a browser", r)
		}
	}()
	return wails.Run(o)
}

// avoidBlankWindow works around WebKitGTK's DMA-BUF renderer, which shows nothing with NVIDIA's driver.
func avoidBlankWindow() {
	const name = "WEBKIT_DISABLE_DMABUF_RENDERER"
	if _, err := os.Stat("/sys/module/nvidia"); err != nil {
		return
	}
	if _, set := os.LookupEnv(name); !set {
		os.Setenv(name, "1")
	}
}

// wailsPage is the window as Wails runs it. Before Wails has started and after it has ended it does nothing: Wails'
// runtime ends the process when it is called with another context than its own.
type wailsPage struct {
	core *app.Core
	ctx  atomic.Pointer[context.Context]
	// hidden windows have no place.
	hidden atomic.Bool
}

func (p *wailsPage) start(ctx context.Context) { p.ctx.Store(&ctx) }

func (p *wailsPage) end() { p.ctx.Store(nil) }

func (p *wailsPage) with(do func(ctx context.Context)) {
	if ctx := p.ctx.Load(); ctx != nil {
		do(*ctx)
	}
}

func (p *wailsPage) emit(name, payload string) {
	p.with(func(ctx context.Context) { runtime.EventsEmit(ctx, name, payload) })
}

func (p *wailsPage) open(address string) {
	p.with(func(ctx context.Context) { runtime.BrowserOpenURL(ctx, address) })
}

// save and pick must not be called on the toolkit's own thread, which they wait for.
func (p *wailsPage) save(title, name string) (path string, err error) {
	p.with(func(ctx context.Context) {
		path, err = runtime.SaveFileDialog(ctx, runtime.SaveDialogOptions{Title: title, DefaultFilename: name, CanCreateDirectories: true})
	})
	return path, err
}

func (p *wailsPage) pick(title string) (path string, err error) {
	p.with(func(ctx context.Context) {
		path, err = runtime.OpenFileDialog(ctx, runtime.OpenDialogOptions{Title: title})
	})
	return path, err
}

// Show also brings to the front a window that is only covered or minimised.
func (p *wailsPage) Show() {
	p.with(func(ctx context.Context) {
		p.hidden.Store(false)
		runtime.Show(ctx)
		runtime.WindowShow(ctx)
		runtime.WindowUnminimise(ctx)
	})
}

func (p *wailsPage) Hide() {
	p.with(func(ctx context.Context) {
		if !p.hidden.Swap(true) {
			p.keepPlace(ctx)
		}
		runtime.Hide(ctx)
	})
}

func (p *wailsPage) Quit() {
	p.with(func(ctx context.Context) {
		if !p.hidden.Load() {
			p.keepPlace(ctx)
		}
		runtime.Quit(ctx)
	})
}

// keepPlace must not be called on the toolkit's own thread, which it asks.
func (p *wailsPage) keepPlace(ctx context.Context) {
	place, ok := p.core.Place()
	place.Maximised = runtime.WindowIsMaximised(ctx)
	if !place.Maximised || !ok { // where a maximised window would be otherwise is not told
		place.X, place.Y = runtime.WindowGetPosition(ctx)
		place.Width, place.Height = runtime.WindowGetSize(ctx)
	}
	p.core.SetPlace(place)
}

// moveTo moves the window to where it was, if a good part of it can be seen there.
func (p *wailsPage) moveTo(place app.Place) {
	p.with(func(ctx context.Context) {
		screens, err := runtime.ScreenGetAll(ctx)
		if err != nil || place.Maximised {
			return
		}
		const handle = 100 // enough to take hold of
		for _, s := range screens {
			if place.X >= 0 && place.Y >= 0 && place.X+handle < s.Size.Width && place.Y+handle < s.Size.Height {
				runtime.WindowSetPosition(ctx, place.X, place.Y)
				return
			}
		}
	})
}

// wailsLog gives Wails' messages to our log. Wails ends the process after a fatal one.
type wailsLog struct{ log *slog.Logger }

func (l wailsLog) Print(m string)   { l.log.Info("window toolkit", "message", m) }
func (l wailsLog) Trace(m string)   { l.log.Debug("window toolkit", "message", m) }
func (l wailsLog) Debug(m string)   { l.log.Debug("window toolkit", "message", m) }
func (l wailsLog) Info(m string)    { l.log.Info("window toolkit", "message", m) }
func (l wailsLog) Warning(m string) { l.log.Warn("window toolkit", "message", m) }
func (l wailsLog) Error(m string)   { l.log.Error("window toolkit", "message", m) }
func (l wailsLog) Fatal(m string) {
	l.log.Error("window toolkit", "message", m)
	fmt.Fprintln(os.Stderr, "gatehouse: "+m)
	os.Exit(1)
}
