package proxy

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"gatehouse/backend/access"
	"gatehouse/backend/llm"
)

// The bounds of a WebSocket: how long it may say nothing and live at all, how many lanes it may have and how many answers
// at once (OpenAI guide, "WebSocket mode"), and how many requests may wait.
const (
	socketIdle  = 5 * time.Minute
	socketLife  = time.Hour
	mostLanes   = 32
	mostAnswers = 16
	mostWaiting = 64
	// writeLimit is how long a client may take for one message.
	writeLimit = time.Minute
	// outOfFunds is the close code of a connection whose budget is spent (Vercel AI Gateway documentation, "Responses API
	// over WebSocket").
	outOfFunds websocket.StatusCode = 4402
)

// sockets are the connections that are open. It owns their goroutines.
type sockets struct {
	mu      sync.Mutex
	open    map[*socket]bool
	closed  bool
	running sync.WaitGroup
}

// socket is one connection. The handler's goroutine reads, each lane's one carries requests one after the other.
type socket struct {
	s      *Server
	r      *http.Request
	conn   *websocket.Conn
	ctx    context.Context
	cancel context.CancelFunc
	memory memory
	slots  chan struct{}
	lanes  sync.WaitGroup

	mu      sync.Mutex
	queues  map[string]chan frame
	waiting int   // requests that wait or run
	bytes   int64 // theirs
	idle    *time.Timer
	code    websocket.StatusCode // why it closes as soon as nothing waits, 0 while it does not
	reason  string
	closing bool
}

// socket serves GET /v1/responses with an upgrade (OpenAI guide, "WebSocket mode").
func (s *Server) socket(w http.ResponseWriter, r *http.Request, _ access.Key) error {
	if !upgrades(r) {
		return llm.Errorf(llm.ErrBadRequest, "%s takes POST, or GET with an upgrade to WebSocket", r.URL.Path).
			WithStatus(http.StatusMethodNotAllowed)
	}
	if s.Paused() {
		return paused()
	}
	limits := s.Limits()
	c := &socket{s: s, r: r, slots: make(chan struct{}, mostAnswers), queues: map[string]chan frame{}}
	c.ctx, c.cancel = context.WithCancel(context.WithoutCancel(r.Context()))
	defer c.cancel()
	if !s.socks.add(c) {
		return llm.Errorf(llm.ErrOverloaded, "Gatehouse is shutting down")
	}
	defer s.socks.remove(c)
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols:       chosen(r),
		InsecureSkipVerify: true, // guardOrigin has looked at the origin
		OnPingReceived:     func(context.Context, []byte) bool { c.alive(); return true },
	})
	if err != nil {
		return nil //nolint:nilerr // it has answered
	}
	defer conn.CloseNow() //nolint:errcheck // closed already, unless the client is gone
	conn.SetReadLimit(limits.MaxBodyBytes)
	life := time.AfterFunc(positive(limits.SocketLife, socketLife), c.tooOld)
	defer life.Stop()
	c.serve(conn, positive(limits.SocketIdle, socketIdle))
	return nil
}

func positive(d, other time.Duration) time.Duration {
	if d <= 0 {
		return other
	}
	return d
}

func upgrades(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// keyProtocols are what subprotocols begin with that carry an API key: browsers can't send headers with an upgrade.
var keyProtocols = []string{"openai-insecure-api-key.", "ai-gateway-auth."}

// protocolsOf are the subprotocols that a client offers, with the API keys among them apart.
func protocolsOf(r *http.Request) (names, keys []string) {
	for _, line := range r.Header.Values("Sec-Websocket-Protocol") {
	next:
		for one := range strings.SplitSeq(line, ",") {
			one = strings.TrimSpace(one)
			for _, prefix := range keyProtocols {
				if key, ok := strings.CutPrefix(one, prefix); ok {
					keys = append(keys, key)
					continue next
				}
			}
			names = append(names, one)
		}
	}
	return names, keys
}

// chosen is the subprotocol to speak: browsers want one of theirs chosen, and a key is only named back where there is no
// other.
func chosen(r *http.Request) []string {
	names, keys := protocolsOf(r)
	if len(names) == 0 && len(keys) > 0 {
		for _, prefix := range keyProtocols {
			names = append(names, prefix+keys[0])
		}
	}
	return names
}

func (k *sockets) add(c *socket) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return false
	}
	if k.open == nil {
		k.open = map[*socket]bool{}
	}
	k.open[c] = true
	k.running.Add(1)
	return true
}

func (k *sockets) remove(c *socket) {
	k.mu.Lock()
	delete(k.open, c)
	k.mu.Unlock()
	k.running.Done()
}

// leave closes every connection as soon as its answers are over.
func (k *sockets) leave(reason string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for c := range k.open {
		c.leave(websocket.StatusGoingAway, reason)
	}
}

// close takes no more connections and leaves those that are open; wait waits for them until ctx ends, and cuts them off.
func (k *sockets) close() {
	k.mu.Lock()
	k.closed = true
	k.mu.Unlock()
	k.leave("Gatehouse is shutting down")
}

func (k *sockets) wait(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		for c := range k.open {
			c.cancel()
		}
	})
	defer stop()
	k.running.Wait()
}

// serve reads until the connection is over, then ends what it asked for.
func (c *socket) serve(conn *websocket.Conn, idle time.Duration) {
	c.mu.Lock()
	c.conn = conn
	c.idle = time.AfterFunc(idle, func() { c.leave(websocket.StatusGoingAway, "idle") })
	c.mu.Unlock()
	defer c.idle.Stop()
	defer c.end()
	c.settle()
	for {
		kind, data, err := conn.Read(c.ctx)
		if err != nil {
			return
		}
		if kind != websocket.MessageText {
			c.leave(websocket.StatusUnsupportedData, "messages are text")
			continue
		}
		c.rest(idle)
		c.take(data)
	}
}

// end ends what was asked for and waits for it. Nothing starts after that.
func (c *socket) end() {
	c.cancel()
	c.mu.Lock()
	c.closing = true
	c.mu.Unlock()
	c.lanes.Wait()
}

// rest starts the wait for the next message anew.
func (c *socket) rest(idle time.Duration) { c.idle.Reset(idle) }

// alive is called for each ping.
func (c *socket) alive() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.idle != nil && c.code == 0 {
		c.idle.Reset(positive(c.s.Limits().SocketIdle, socketIdle))
	}
}

// take gives a message to its lane.
func (c *socket) take(data []byte) {
	f, failed := readFrame(data)
	switch {
	case failed != nil:
		c.send(f.lane, errorFrame(failed))
	case f.kind == "response.steer":
		c.send("", steered(f.steer))
	default:
		if e := c.enqueue(f); e != nil {
			c.send(f.lane, errorFrame(e))
		}
	}
}

func (c *socket) enqueue(f frame) *llm.Error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.code != 0 {
		return llm.Errorf(llm.ErrOverloaded, "the connection is about to close (%s); open a new one", c.reason)
	}
	queue := c.queues[f.lane]
	named := len(c.queues)
	if c.queues[""] != nil {
		named--
	}
	switch {
	case queue == nil && f.lane != "" && named >= mostLanes:
		return llm.Errorf(llm.ErrBadRequest, "This WebSocket connection has reached its maximum number of distinct stream IDs (%d). "+
			"Reuse an existing stream_id or open a new WebSocket connection.", mostLanes).
			WithCode("websocket_stream_limit_reached").WithParam("stream_id")
	case c.waiting >= mostWaiting, c.waiting > 0 && c.bytes+int64(len(f.body)) > c.s.Limits().MaxBodyBytes:
		return llm.Errorf(llm.ErrRateLimit, "too many requests wait on this connection; send the next one when an answer is over").
			WithCode("websocket_queue_full")
	case queue == nil:
		queue = make(chan frame, mostWaiting)
		c.queues[f.lane] = queue
		c.lanes.Go(func() { c.work(queue) })
	}
	c.waiting++
	c.bytes += int64(len(f.body))
	queue <- f // there is room for all that may wait
	return nil
}

// work carries a lane's requests, one after the other.
func (c *socket) work(queue chan frame) {
	for {
		select {
		case f := <-queue:
			select {
			case c.slots <- struct{}{}:
				if err := c.s.contained(func() error { c.turn(f); return nil }); err != nil {
					c.send(f.lane, errorFrame(llm.AsError(err)))
				}
				<-c.slots
			case <-c.ctx.Done():
				return
			}
			c.over(f)
		case <-c.ctx.Done():
			return
		}
	}
}

func (c *socket) over(f frame) {
	c.alive()
	c.mu.Lock()
	c.waiting--
	c.bytes -= int64(len(f.body))
	c.mu.Unlock()
	c.settle()
}

// leave closes the connection as soon as nothing waits.
func (c *socket) leave(code websocket.StatusCode, reason string) {
	c.mu.Lock()
	if reason == "idle" && c.waiting > 0 {
		c.mu.Unlock()
		return // the end of the answer starts the wait anew
	}
	if c.code == 0 {
		c.code, c.reason = code, reason
	}
	c.mu.Unlock()
	c.settle()
}

// settle closes the connection if it shall and nothing waits.
func (c *socket) settle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.code == 0 || c.waiting > 0 || c.closing || c.conn == nil {
		return
	}
	c.closing = true
	c.lanes.Go(func() {
		_ = c.conn.Close(c.code, c.reason) // the client may be gone
		c.cancel()
	})
}

// tooOld says why before the connection goes, as clients expect it.
func (c *socket) tooOld() {
	c.send("", errorFrame(llm.Errorf(llm.ErrBadRequest, "Responses websocket connection limit reached. Create a new websocket "+
		"connection to continue.").WithCode("websocket_connection_limit_reached")))
	c.leave(websocket.StatusGoingAway, "the connection is too old")
}

// send writes one message; a client that does not take it loses the connection.
func (c *socket) send(lane string, event []byte) {
	c.mu.Lock()
	conn := c.conn
	c.mu.Unlock()
	if conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(c.ctx, writeLimit)
	defer cancel()
	if conn.Write(ctx, websocket.MessageText, inLane(event, lane)) != nil {
		c.cancel()
	}
}
