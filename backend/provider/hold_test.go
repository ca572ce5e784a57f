package provider

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"gatehouse/backend/llm"
)

// large is a body that no socket's buffer takes whole.
type large struct{}

func (large) Reader() io.Reader { return strings.NewReader(strings.Repeat("x", 64<<20)) }
func (large) Len() int64        { return 64 << 20 }

// TestHoldOfAnEarlyAnswer: a provider that answers before it read the body leaves somebody reading it; only when that is
// over is the body's memory free.
func TestHoldOfAnEarlyAnswer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	over := make(chan struct{})
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close() //nolint:errcheck // it was answered
		_, _ = io.ReadFull(conn, make([]byte, 512))
		_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n{}")
		<-over
	}()
	p := NewTable(map[ID]Override{"groq": {BaseURL: "http://" + listener.Addr().String()}})["groq"]
	client := NewClient(http.NotFoundHandler())
	t.Cleanup(client.Close)
	hold := &Hold{}
	resp, err := client.Do(context.Background(), Call{Provider: p, Dialect: llm.ChatCompletions, Header: http.Header{}, Body: large{}, Hold: hold})
	if err != nil {
		t.Fatal(err)
	}
	if hold.Free() {
		t.Error("the body is free while it is still being sent")
	}
	_ = resp.Body.Close()
	close(over)
	for !hold.Free() { // the transport closes it when it finds the connection gone
		if t.Context().Err() != nil {
			t.Fatal("the body is never free")
		}
	}
}
