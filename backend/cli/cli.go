// Package cli is the command line. Every command is a client of the admin surface: of the running Gatehouse where there
// is one, else of one that is opened for the command alone.
//
// It must not reach around the admin surface, nor print a secret but the new API key that was asked for.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"gatehouse/backend/app"
	"gatehouse/backend/control"
	"gatehouse/backend/llm"
	"gatehouse/backend/store"
)

// Window starts an open core with a window and a tray, and returns when the user quits. Hidden starts it in the tray, where
// there is one.
type Window func(ctx context.Context, core *app.Core, hidden bool) error

// Program is what main knows.
type Program struct {
	Version string
	Pages   fs.FS
	// Window is nil in a headless build.
	Window Window
}

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

type commands struct {
	Window     windowCommand     `cmd:"" default:"withargs" hidden:"" help:"Open the window (or serve, in a headless build)."`
	Serve      serveCommand      `cmd:"" help:"Run the endpoint without a window."`
	UI         uiCommand         `cmd:"" name:"ui" help:"Open the running Gatehouse's pages in a browser."`
	Status     statusCommand     `cmd:"" help:"Show the state of everything."`
	Use        useCommand        `cmd:"" help:"Set the active model, or print it."`
	Models     modelsCommand     `cmd:"" help:"Models: what can be asked for, at what price, and who says so."`
	Route      routeCommand      `cmd:"" help:"Show what would be tried for a model, without sending anything."`
	Health     healthCommand     `cmd:"" help:"Show which providers are not well, and why."`
	Rollout    rolloutCommand    `cmd:"" help:"Rollouts: move a model's conversations to another by degrees."`
	Budget     budgetCommands    `cmd:"" help:"Budgets: what may be spent, and what was."`
	Key        keyCommands       `cmd:"" help:"Local API keys."`
	Credential credentialCommand `cmd:"" help:"Providers' credentials."`
	Connect    connectCommand    `cmd:"" help:"Point an editor or agent at the endpoint, or list them."`
	Doctor     doctorCommand     `cmd:"" help:"Try the endpoint as each connected editor would, and say what is wrong."`
	Usage      usageCommands     `cmd:"" help:"Show the latest requests, or totals; delete some."`
	Contents   contentsCommands  `cmd:"" help:"Prompts and answers: whose are kept, and for how long."`
	Backup     backupCommand     `cmd:"" help:"Write the database to a file, while it goes on being used."`
	Restore    restoreCommand    `cmd:"" help:"Put back the requests of a backup that the usage history lacks."`
	Autostart  autostartCommand  `cmd:"" help:"Start with a window in the tray at login, or print whether it does."`
	Pause      pauseCommand      `cmd:"" help:"Pause the endpoint."`
	Resume     resumeCommand     `cmd:"" help:"Resume the endpoint."`
	Version    versionCommand    `cmd:"" help:"Print the version."`
}

// session is what a command runs with.
type session struct {
	program Program
	ctx     context.Context
	home    string
	stdin   io.Reader
	stdout  io.Writer
	stderr  io.Writer
}

// Main runs the program and gives its exit code.
func Main(p Program, args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return run(ctx, p, args, os.Stdin, os.Stdout, os.Stderr)
}

func run(ctx context.Context, p Program, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	code := -1
	parser, err := kong.New(
		&commands{},
		kong.Name("gatehouse"),
		kong.Description("The AI gateway on your own machine."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(c int) { code = c }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		fmt.Fprintln(stderr, "gatehouse:", err)
		return exitFailed
	}
	parsed, err := parser.Parse(args)
	if code >= 0 { // --help was answered
		return code
	}
	if err != nil {
		fmt.Fprintf(stderr, "gatehouse: %v\nTry: gatehouse --help\n", err)
		return exitUsage
	}
	home, err := app.Home()
	if err == nil {
		err = parsed.Run(&session{p, ctx, home, stdin, stdout, stderr})
	}
	if err != nil {
		fmt.Fprintln(stderr, "gatehouse:", messageOf(err))
		return exitFailed
	}
	return exitOK
}

func messageOf(err error) string {
	if e, ok := errors.AsType[*llm.Error](err); ok {
		return e.Message
	}
	return err.Error()
}

func (s *session) build() string {
	if s.program.Window == nil {
		return "headless"
	}
	return "desktop"
}

// open opens a core of our own.
func (s *session) open(addr string, stderr slog.Handler) (*app.Core, error) {
	return app.Open(app.Options{
		Home: s.home, Version: s.program.Version, Build: s.build(), Addr: addr, Pages: s.program.Pages, Stderr: stderr,
	})
}

// drain is how long running requests may go on at shutdown.
const drain = 20 * time.Second

func closeCore(core *app.Core) {
	ctx, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	core.Close(ctx)
}

// call makes a call: to the running Gatehouse, else to one opened for it alone.
func call[R any](s *session, name string, params any) (result R, err error) {
	client, err := control.Dial(s.home)
	if err == nil {
		err = client.Call(s.ctx, name, params, &result)
		return result, err
	}
	core, err := s.open("", nil)
	if errors.Is(err, store.ErrLocked) {
		return result, llm.Errorf(llm.ErrOverloaded, "a Gatehouse is just starting or stopping; try again in a moment")
	}
	if err != nil {
		return result, err
	}
	defer closeCore(core)
	body, err := json.Marshal(params)
	if err != nil {
		return result, err
	}
	answer, err := core.Dispatcher().Call(s.ctx, name, body)
	if err != nil {
		return result, err
	}
	result, ok := answer.(R)
	if !ok {
		return result, fmt.Errorf("%s gave a %T", name, answer)
	}
	return result, nil
}

// running makes a call that only a running Gatehouse can answer.
func running[R any](s *session, name string, params any) (result R, err error) {
	client, err := control.Dial(s.home)
	if err != nil {
		return result, llm.Errorf(llm.ErrNotFound, "no Gatehouse is running; start one with `gatehouse serve`, or the app")
	}
	err = client.Call(s.ctx, name, params, &result)
	return result, err
}

func (s *session) json(v any) error {
	enc := json.NewEncoder(s.stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

func (s *session) print(format string, args ...any) { fmt.Fprintf(s.stdout, format, args...) }

// table prints rows in aligned columns.
func (s *session) table(rows [][]string) {
	var width []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(width) {
				width = append(width, 0)
			}
			width[i] = max(width[i], len([]rune(cell)))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			if i < len(row)-1 {
				line.WriteString(strings.Repeat(" ", width[i]-len([]rune(cell))+2))
			}
		}
		fmt.Fprintln(s.stdout, strings.TrimRight(line.String(), " "))
	}
}
