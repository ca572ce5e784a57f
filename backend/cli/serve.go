package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"time"

	"gatehouse/backend/app"
	"gatehouse/backend/control"
	"gatehouse/backend/llm"
	"gatehouse/backend/store"
)

type windowCommand struct {
	Hidden bool `help:"Start in the tray, without showing the window."`
}

// Run opens the window. A second start shows the first one's and leaves; a hidden one only leaves.
func (c windowCommand) Run(s *session) error {
	if s.program.Window == nil {
		return serveCommand{}.Run(s)
	}
	core, err := s.open("", nil)
	if errors.Is(err, store.ErrLocked) {
		if c.Hidden {
			return nil
		}
		return s.showFirst()
	}
	if err != nil {
		return err
	}
	defer closeCore(core)
	return s.program.Window(s.ctx, core, c.Hidden)
}

// showFirst asks the Gatehouse that runs to show itself. One that is just starting takes a moment to listen.
func (s *session) showFirst() error {
	ctx, cancel := context.WithTimeout(s.ctx, 10*time.Second)
	defer cancel()
	retry := time.NewTicker(100 * time.Millisecond)
	defer retry.Stop()
	for {
		client, err := control.Dial(s.home)
		if err == nil {
			return client.Call(s.ctx, "window.show", control.Empty{}, &control.Empty{})
		}
		select {
		case <-ctx.Done():
			return llm.Errorf(llm.ErrOverloaded, "another Gatehouse has the state folder %s but does not answer", s.home)
		case <-retry.C:
		}
	}
}

type serveCommand struct {
	Addr    string `help:"Where to listen instead of what settings say; a loopback address." placeholder:"127.0.0.1:4283"`
	Welcome bool   `help:"Print a fresh API key and a curl line to try it with."`
}

// Run serves until the program is told to stop; then running requests may finish.
func (c serveCommand) Run(s *session) error {
	level := &slog.HandlerOptions{Level: slog.LevelWarn}
	core, err := s.open(c.Addr, slog.NewTextHandler(s.stderr, level))
	if err != nil {
		return err
	}
	defer closeCore(core)
	ctx, quit := context.WithCancel(s.ctx)
	defer quit()
	core.Service().SetWindow(control.Window{Quit: quit})
	if err := core.Start(); err != nil {
		return err
	}
	status := core.Service().Status()
	if status.Endpoint.State == "failed" {
		return llm.Errorf(llm.ErrInternal, "%s", status.Endpoint.Problem)
	}
	s.print("Gatehouse %s\nEndpoint: %s (OpenAI clients: %s/v1)\n", s.program.Version, status.Endpoint.URL, status.Endpoint.URL)
	if c.Welcome {
		if err := welcome(s, core, status); err != nil {
			return err
		}
	}
	<-ctx.Done()
	return nil
}

// welcome makes a key and prints it once, with a line that works as pasted.
func welcome(s *session, core *app.Core, status control.Status) error {
	name := "welcome " + time.Now().Format("2006-01-02 15:04:05.000")
	created, err := core.Service().Methods().KeysCreate(s.ctx, control.NewKey{Name: name, Project: "default"})
	if err != nil {
		return err
	}
	s.print(`API key:  %s   (shown this once)

Try it:

  curl -N %s/v1/chat/completions -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' -d '{"model":"sim/stream","stream":true,"messages":[{"role":"user","content":"Hello"}]}'

Pages in a browser: %s ui. Stop with Ctrl+C.
`, created.Secret, status.Endpoint.URL, created.Secret, os.Args[0])
	return nil
}

type uiCommand struct {
	Print bool `help:"Only print the link, which works once and for ten minutes."`
}

func (c uiCommand) Run(s *session) error {
	link, err := running[control.Link](s, "pages.link", control.Empty{})
	if err != nil {
		return err
	}
	s.print("%s\n", link.URL)
	if c.Print {
		return nil
	}
	if err := openBrowser(s.ctx, link.URL); err != nil {
		fmt.Fprintf(s.stderr, "gatehouse: no browser could be opened (%v); open the link yourself\n", err)
	}
	return nil
}

// openBrowser gives the link to the system. The link is in the opener's arguments for a moment, and works only once.
func openBrowser(ctx context.Context, url string) error {
	name, args := "xdg-open", []string{url}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", url}
	default:
		if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
			return errors.New("there is no display")
		}
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), name, args...)
	if err := cmd.Start(); err != nil {
		return err
	}
	return cmd.Process.Release()
}
