package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"gatehouse/backend/llm"
)

// SocketName is the socket's name in the state folder.
const SocketName = "control.sock"

// longestPath is what every system takes as a Unix socket's path.
const longestPath = 103

// Socket is the face for the command line: a Unix socket in a folder that only the user can enter.
type Socket struct {
	http    *http.Server
	path    string
	serving sync.WaitGroup
}

// ListenSocket serves the API on the socket in a state folder. The caller holds the database's lock, so that a socket
// which is already there is left over from a program that is gone.
func ListenSocket(home string, api http.Handler, logger *slog.Logger) (*Socket, error) {
	path := filepath.Join(home, SocketName)
	if len(path) > longestPath {
		return nil, llm.Errorf(llm.ErrBadRequest, "the path of the state folder is too long for a socket (%d characters, %d are "+
			"possible); set GATEHOUSE_HOME to a shorter one", len(path), longestPath)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, llm.Errorf(llm.ErrInternal, "the control socket can't be made: %w", err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, llm.Errorf(llm.ErrInternal, "the control socket can't be made: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		l.Close() //nolint:errcheck // nothing was served
		return nil, llm.Errorf(llm.ErrInternal, "the control socket can't be made private: %w", err)
	}
	s := &Socket{http: &http.Server{Handler: api, ReadHeaderTimeout: 15 * time.Second}, path: path}
	s.serving.Go(func() {
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			logger.Error("the control socket stopped", "error", err)
		}
	})
	return s, nil
}

// Close stops serving and removes the socket.
func (s *Socket) Close() {
	_ = s.http.Close() // what is still open is an event feed
	s.serving.Wait()
}

// ErrNotRunning says that no Gatehouse serves a state folder.
var ErrNotRunning = errors.New("no Gatehouse is running")

// Client calls a running Gatehouse over its socket.
type Client struct{ http *http.Client }

// Dial finds the running Gatehouse of a state folder; ErrNotRunning if there is none.
func Dial(home string) (*Client, error) {
	path := filepath.Join(home, SocketName)
	conn, err := net.DialTimeout("unix", path, 2*time.Second)
	if err != nil {
		return nil, ErrNotRunning
	}
	conn.Close() //nolint:errcheck // it was only to see
	return &Client{&http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		},
	}}}, nil
}

// Call makes a call and decodes its result. Its errors are *llm.Error.
func (c *Client) Call(ctx context.Context, name string, params, result any) error {
	body, err := json.Marshal(params)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://gatehouse/api/"+name, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		return llm.Errorf(llm.ErrInternal, "the running Gatehouse does not answer: %w", err)
	}
	defer resp.Body.Close() //nolint:errcheck // reading is over
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return llm.Errorf(llm.ErrInternal, "the running Gatehouse broke off: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return failureOf(resp.StatusCode, text)
	}
	return json.Unmarshal(text, result)
}
