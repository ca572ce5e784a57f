package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"gatehouse/backend/chat"
	"gatehouse/backend/event"
	"gatehouse/backend/llm"
)

// callLimit bounds a call's parameters, and fileCallLimit those of one that carries files in base64.
const (
	callLimit     = 4 << 20
	fileCallLimit = chat.MaxAllFiles/3*4 + 2*callLimit
)

// limitOf is the bound of a call by its name.
func limitOf(call string) int64 {
	if call == "chat.send" {
		return fileCallLimit
	}
	return callLimit
}

// feedQueue is how many events a face may lag behind before lossy ones are dropped for it.
const feedQueue = 1024

// keepAlive is how often a quiet feed says that it is still there.
const keepAlive = 20 * time.Second

// API serves the calls as POST /api/{name} with JSON parameters, the event feed as GET /api/events, tables as
// GET /api/usage.export, and backups as GET /api/backup.download and POST /api/backup.upload. It checks nobody: who may reach it is the face's business.
func (s *Service) API(d *Dispatcher) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/{name}", func(w http.ResponseWriter, r *http.Request) { serveCall(d, w, r) })
	mux.HandleFunc("GET /api/events", s.serveEvents)
	mux.HandleFunc("GET "+exportPath, s.serveExport)
	mux.HandleFunc("GET "+backupPath, s.serveBackup)
	mux.HandleFunc("POST "+restorePath, s.serveRestore)
	return mux
}

func serveCall(d *Dispatcher, w http.ResponseWriter, r *http.Request) {
	// A form or a no-cors fetch of another page can't send this type without a preflight, which is never granted.
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		writeFailure(w, llm.Errorf(llm.ErrBadRequest, "a call's Content-Type is application/json").WithStatus(http.StatusUnsupportedMediaType))
		return
	}
	params, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limitOf(r.PathValue("name"))))
	if err != nil {
		writeFailure(w, llm.Errorf(llm.ErrBadRequest, "the call's parameters could not be read: %w", err))
		return
	}
	result, err := d.Call(r.Context(), r.PathValue("name"), params)
	if err != nil {
		writeFailure(w, err)
		return
	}
	writeResult(w, http.StatusOK, result)
}

func writeFailure(w http.ResponseWriter, err error) {
	e := llm.AsError(err)
	writeResult(w, e.HTTPStatus(), FailureOf(e))
}

// FailureOf gives an error as the faces show it.
func FailureOf(err error) Failure {
	e := llm.AsError(err)
	return Failure{Kind: string(e.Kind), Message: e.Message}
}

func writeResult(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"kind":"internal","message":"the result can't be written"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the caller may be gone
}

// serveEvents sends the status and then every event until the caller leaves or lags.
func (s *Service) serveEvents(w http.ResponseWriter, r *http.Request) {
	sub := s.Broker.Subscribe(feedQueue)
	defer sub.Close()
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-cache")
	out := http.NewResponseController(w)
	if writeEvent(w, event.Event{Type: "status", Data: s.Status()}) != nil || out.Flush() != nil {
		return
	}
	for {
		ctx, cancel := context.WithTimeout(r.Context(), keepAlive)
		e, err := sub.Next(ctx)
		cancel()
		switch {
		case err == nil:
			err = writeEvent(w, e)
		case r.Context().Err() == nil && errors.Is(err, context.DeadlineExceeded):
			_, err = io.WriteString(w, ": still here\n\n")
		}
		if err != nil || out.Flush() != nil {
			return
		}
	}
}

func writeEvent(w io.Writer, e event.Event) error {
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "id: %d\ndata: %s\n\n", e.Seq, strings.ReplaceAll(string(body), "\n", " "))
	return err
}
