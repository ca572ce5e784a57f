package proxy

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestTranslatedEventsDoNotWait has an upstream send an event only when the client has the one before: what is gathered
// into one piece must never wait for what has not come yet.
func TestTranslatedEventsDoNotWait(t *testing.T) {
	arrived := make(chan struct{})
	server, _ := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 5 {
			_, _ = fmt.Fprintf(w, "data: {\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"one%d\"}}]}\n\n"+
				"data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"two%d\"}}]}\n\n", i, i)
			w.(http.Flusher).Flush()
			select {
			case <-arrived:
			case <-r.Context().Done():
				return
			}
		}
		_, _ = fmt.Fprint(w, "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
	})
	d := openDoor(t, redirected("groq", server.URL+"/v1", providerSecret))
	for _, c := range clients {
		body := strings.NewReplacer("MODEL", "groq/m", "STREAM", "true", "TEXT", "hi").Replace(c.text)
		if c.name == "chat" {
			continue // not translated
		}
		req, err := http.NewRequest(http.MethodPost, d.url+c.path("groq/m", true), strings.NewReader(body))
		check(t, err)
		if c.header != nil {
			req.Header = c.header("groq/m", true)
		}
		req.Header.Set("Authorization", "Bearer "+d.token)
		resp, err := d.client.Do(req)
		check(t, err)
		next, lines, ended := 0, bufio.NewScanner(resp.Body), false
		for lines.Scan() {
			ended = ended || strings.Contains(lines.Text(), strings.TrimPrefix(c.streamEnd, "event: "))
			if next < 5 && strings.Contains(lines.Text(), fmt.Sprintf("two%d", next)) {
				next++
				arrived <- struct{}{}
			}
		}
		check(t, resp.Body.Close())
		if next != 5 || !ended {
			t.Errorf("%s: %d of 5 pieces, ended %v", c.name, next, ended)
		}
	}
}
