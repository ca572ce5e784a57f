package provider

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"gatehouse/backend/catalog"
	"gatehouse/backend/llm"
)

// listLimit bounds a list of models; the largest known is about one megabyte.
const listLimit = 32 << 20

// Check asks the provider whether it accepts a credential, by a request that costs nothing. Its errors are *llm.Error.
func (c *Client) Check(ctx context.Context, p *Provider, secret string) error {
	if p.probe == "" {
		_, err := c.List(ctx, p, secret, "")
		return err
	}
	_, err := c.get(ctx, p, p.probe, secret)
	return err
}

// Listing is a list of models, or the word that it is still the same.
type Listing struct {
	Models []catalog.Model
	// ETag names this state of the list; empty where it has no name.
	ETag string
	// Same tells that the list is the one whose ETag was sent; Models is empty then.
	Same bool
}

// maxPages bounds how many pages of a list are asked for.
const maxPages = 20

// List asks the provider for its list of models, unless it is still the one that etag names (RFC 9110, section 13.1.2).
// The shapes read are OpenAI's and Anthropic's ({"data":[...]}), the hosted gateway's with its prices, and Gemini's
// pages. Its errors are *llm.Error: an answer that is no list, or a part of one, is none.
func (c *Client) List(ctx context.Context, p *Provider, secret, etag string) (Listing, error) {
	var out Listing
	seen := map[string]bool{}
	path := p.models
	for page := range maxPages {
		answer, err := c.ask(ctx, p, path, secret, etag)
		if err != nil || answer.same {
			return Listing{ETag: etag, Same: answer.same}, err
		}
		list := gjson.GetBytes(answer.body, p.listName())
		if !gjson.ValidBytes(answer.body) || !list.IsArray() && !p.emptyPage(answer.body) {
			// LM Studio answers 200 with an error object on routes it does not have.
			return Listing{}, llm.Errorf(llm.ErrInternal, "what answers at %s does not look like %s: its list of models has no %q",
				p.BaseURL, p.Name, p.listName()).WithStatus(http.StatusBadGateway)
		}
		list.ForEach(func(_, m gjson.Result) bool {
			if entry, ok := p.entry(m); ok && !seen[entry.ID] {
				seen[entry.ID] = true
				out.Models = append(out.Models, entry)
			}
			return true
		})
		next := gjson.GetBytes(answer.body, "nextPageToken").String()
		if p.native != llm.Gemini || next == "" {
			if page == 0 { // the name of a page is not that of the list
				out.ETag = answer.etag
			}
			break
		}
		path, etag = p.models+"&pageToken="+url.QueryEscape(next), ""
	}
	return out, nil
}

// listName is the member that holds the models.
func (p *Provider) listName() string {
	if p.native == llm.Gemini {
		return "models"
	}
	return "data"
}

// reply is what a provider answered to a question that costs nothing.
type reply struct {
	body []byte
	etag string
	same bool // the body is the one that the ETag names which was sent
}

func (c *Client) get(ctx context.Context, p *Provider, path, secret string) ([]byte, error) {
	answer, err := c.ask(ctx, p, path, secret, "")
	return answer.body, err
}

func (c *Client) ask(ctx context.Context, p *Provider, path, secret, etag string) (reply, error) {
	u, err := url.Parse(p.BaseURL + path)
	if err != nil {
		return reply{}, llm.Errorf(llm.ErrBadRequest, "the base URL of %s can't be read: %w", p.ID, err)
	}
	header := http.Header{"Accept": {"application/json"}, "User-Agent": {"gatehouse"}}
	dialect := llm.ChatCompletions
	if !p.Speaks(dialect) {
		dialect = p.native
	}
	if dialect == llm.Messages {
		header.Set("Anthropic-Version", "2023-06-01")
	}
	if etag != "" {
		header.Set("If-None-Match", etag)
	}
	p.Authorize(header, dialect, secret)
	req := (&http.Request{Method: http.MethodGet, URL: u, Host: u.Host, Header: header}).WithContext(ctx)
	resp, err := c.transport(u).RoundTrip(req)
	if err != nil {
		return reply{}, connectError(ctx, p, err)
	}
	defer resp.Body.Close() //nolint:errcheck // reading is over
	body, err := io.ReadAll(io.LimitReader(resp.Body, listLimit))
	if err != nil {
		return reply{}, connectError(ctx, p, err)
	}
	switch {
	case resp.StatusCode == http.StatusNotModified && etag != "":
		return reply{etag: etag, same: true}, nil
	case resp.StatusCode != http.StatusOK:
		e := listError(p, resp.StatusCode, body)
		if n, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && n > 0 && n <= maxRetryAfter {
			e.RetryAfter = time.Duration(n) * time.Second
		}
		return reply{}, e
	}
	return reply{body: body, etag: resp.Header.Get("Etag")}, nil
}

// maxRetryAfter is the longest wait that is believed, in seconds.
const maxRetryAfter = 24 * 60 * 60

func listError(p *Provider, status int, body []byte) *llm.Error {
	kind := llm.KindOfStatus(status)
	message := gjson.GetBytes(body, "error.message").String()
	if message == "" {
		message = http.StatusText(status)
	}
	for _, d := range gjson.GetBytes(body, "error.details").Array() { // Gemini says 400
		if strings.HasPrefix(d.Get("reason").String(), "API_KEY_") {
			kind = llm.ErrAuth
		}
	}
	if kind == llm.ErrAuth {
		return llm.Errorf(kind, "%s refused the credential (%d): %s", p.Name, status, message).WithStatus(status)
	}
	return llm.Errorf(kind, "%s answered %d: %s", p.Name, status, message).WithStatus(status)
}
