package proxy

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"gatehouse/backend/access"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonedit"
	"gatehouse/backend/protocol/jsonread"
)

// elsewhere asks the provider that keeps an answer. It is not ok where none is known to.
func (s *Server) elsewhere(w http.ResponseWriter, r *http.Request, key access.Key, rest string) (ok bool, err error) {
	id := r.PathValue("id")
	provider, ok := s.Answers.Provider(key.ID, id)
	if !ok {
		return false, nil
	}
	answer, err := s.Gateway.Look(r.Context(), gateway.Lookup{
		Provider: provider, Dialect: llm.Responses, Method: r.Method, Suffix: "/" + url.PathEscape(id) + rest,
		Query: r.URL.RawQuery, Header: r.Header, Own: s.own(r),
	})
	if err != nil {
		return true, err
	}
	defer answer.Body.Close() //nolint:errcheck // the answer is over either way
	if gone := r.Method == http.MethodDelete && answer.Status < http.StatusMultipleChoices; gone ||
		answer.Status == http.StatusNotFound {
		s.Answers.Forget(id)
	}
	out := s.newOutlet(w, r, &gateway.Request{Dialect: llm.Responses})
	defer out.close()
	return true, out.copy(answer)
}

func unknownAnswer(id string) *llm.Error {
	return llm.Errorf(llm.ErrNotFound, "Response with id '%s' not found.", id)
}

// answer serves GET /v1/responses/{id} (OpenAI API reference, "Get a model response").
func (s *Server) answer(w http.ResponseWriter, r *http.Request, key access.Key) error {
	if ok, err := s.elsewhere(w, r, key, ""); ok {
		return err
	}
	id := r.PathValue("id")
	after, streams, err := resume(r.URL.Query())
	if err != nil {
		return err
	}
	if j := s.jobs.find(key.ID, id); j != nil {
		if streams {
			return j.follow(w, r, after)
		}
		return writeRaw(w, j.current())
	}
	answer, ok, err := s.Answers.Get(key.ID, id)
	switch {
	case err != nil:
		return err
	case !ok:
		return unknownAnswer(id)
	case !streams:
		return writeRaw(w, answer.Response)
	case len(answer.Events) == 0:
		return llm.Errorf(llm.ErrBadRequest, "Response with id '%s' can't be streamed: only those made with background and stream "+
			"can, after the fact.", id).WithParam("stream")
	}
	return replay(w, answer.Events, after)
}

// resume reads stream and starting_after; after is -1 where the client has nothing yet.
func resume(q url.Values) (after int, streams bool, err error) {
	streams = q.Get("stream") == "true"
	text := q.Get("starting_after")
	if text == "" {
		return -1, streams, nil
	}
	after, err = strconv.Atoi(text)
	if err != nil || after < 0 {
		return 0, false, llm.Errorf(llm.ErrBadRequest, "starting_after must be the number of an event").WithParam("starting_after")
	}
	return after, streams, nil
}

// inputItems serves GET /v1/responses/{id}/input_items (OpenAI API reference, "List input items"): all that the answer was
// made from, what came before the request included.
func (s *Server) inputItems(w http.ResponseWriter, r *http.Request, key access.Key) error {
	if ok, err := s.elsewhere(w, r, key, "/input_items"); ok {
		return err
	}
	id := r.PathValue("id")
	answer, ok, err := s.Answers.Get(key.ID, id)
	if err != nil {
		return err
	}
	if !ok {
		return unknownAnswer(id)
	}
	items, err := s.inputOf(key.ID, answer.Previous, answer.Conversation, answer.Before)
	if err != nil {
		return err
	}
	return writeItems(w, append(items, answer.Input...), r.URL.Query())
}

// inputOf gives what came before an answer, as far as it is still there.
func (s *Server) inputOf(key, previous, conversation string, before int) ([]json.RawMessage, error) {
	if conversation != "" {
		items, _, err := s.Answers.Before(key, conversation, before)
		return items, err
	}
	if previous == "" {
		return nil, nil
	}
	items, _, err := s.Answers.History(key, previous)
	return items, err
}

// deleteAnswer serves DELETE /v1/responses/{id} (OpenAI API reference, "Delete a model response").
func (s *Server) deleteAnswer(w http.ResponseWriter, r *http.Request, key access.Key) error {
	if ok, err := s.elsewhere(w, r, key, ""); ok {
		return err
	}
	id := r.PathValue("id")
	if j := s.jobs.find(key.ID, id); j != nil {
		j.stop()
	}
	ok, err := s.Answers.Delete(key.ID, id)
	if err != nil {
		return err
	}
	if !ok {
		return unknownAnswer(id)
	}
	return writeObject(w, map[string]any{"id": id, "object": "response", "deleted": true})
}

// cancel serves POST /v1/responses/{id}/cancel (OpenAI API reference, "Cancel a response").
func (s *Server) cancel(w http.ResponseWriter, r *http.Request, key access.Key) error {
	if ok, err := s.elsewhere(w, r, key, "/cancel"); ok {
		return err
	}
	id := r.PathValue("id")
	if j := s.jobs.find(key.ID, id); j != nil {
		j.stop()
		return writeRaw(w, j.current())
	}
	answer, ok, err := s.Answers.Get(key.ID, id)
	switch {
	case err != nil:
		return err
	case !ok:
		return unknownAnswer(id)
	case !jsonread.Of(answer.Response).Get("background").Bool():
		return llm.Errorf(llm.ErrBadRequest, "Response with id '%s' was not made in the background, so it can't be cancelled; "+
			"close the connection instead.", id)
	}
	return writeRaw(w, answer.Response)
}

func writeRaw(w http.ResponseWriter, body []byte) error {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(body[:len(body):len(body)], '\n')) // the client may be gone
	return nil
}

const (
	itemsPerPage = 20
	mostPerPage  = 100
)

// writeItems writes a page of items (OpenAI API reference, "List input items"): the newest first unless asked otherwise.
func writeItems(w http.ResponseWriter, items []json.RawMessage, q url.Values) error {
	limit := itemsPerPage
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > mostPerPage {
			return llm.Errorf(llm.ErrBadRequest, "limit must be between 1 and %d", mostPerPage).WithParam("limit")
		}
		limit = n
	}
	items = slices.Clone(items)
	switch order := q.Get("order"); order {
	case "", "desc":
		slices.Reverse(items)
	case "asc":
	default:
		return llm.Errorf(llm.ErrBadRequest, "order must be asc or desc").WithParam("order")
	}
	if after := q.Get("after"); after != "" {
		at := slices.IndexFunc(items, func(raw json.RawMessage) bool { return itemID(raw) == after })
		if at < 0 {
			return llm.Errorf(llm.ErrBadRequest, "there is no item %q in the list", after).WithParam("after")
		}
		items = items[at+1:]
	}
	return writeItemPage(w, items[:min(limit, len(items))], len(items) > limit)
}

func writeItemPage(w http.ResponseWriter, page []json.RawMessage, more bool) error {
	first, last := []byte("null"), []byte("null")
	if len(page) > 0 {
		first, last = jsonedit.String(itemID(page[0])), jsonedit.String(itemID(page[len(page)-1]))
	}
	body := []byte(`{"object":"list","data":[`)
	for i, item := range page {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, item...)
	}
	body = append(append(body, `],"first_id":`...), first...)
	body = append(append(body, `,"last_id":`...), last...)
	return writeRaw(w, append(strconv.AppendBool(append(body, `,"has_more":`...), more), '}'))
}

func itemID(raw json.RawMessage) string { return jsonread.Of(raw).Get("id").String() }

func writeObject(w http.ResponseWriter, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return writeRaw(w, body)
}
