package control

import (
	"context"
	"net/http"

	"gatehouse/backend/access"
	"gatehouse/backend/credential"
	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
)

func toKey(k access.Key) Key {
	models := k.Models
	if models == nil {
		models = []string{}
	}
	return Key{
		ID: k.ID, Name: k.Name, Project: k.Project, Hint: k.Hint, Models: models, CreatedAt: k.CreatedAt,
		ExpiresAt: k.ExpiresAt, LastUsedAt: k.LastUsedAt, RevokedAt: k.RevokedAt,
	}
}

func (s *Service) keyList(context.Context, Empty) (KeyList, error) {
	list := KeyList{Keys: []Key{}}
	for _, k := range s.Keys.List() {
		list.Keys = append(list.Keys, toKey(k))
	}
	return list, nil
}

func (s *Service) createKey(_ context.Context, p NewKey) (CreatedKey, error) {
	expires, err := access.ParseExpiry(p.Expires)
	if err != nil {
		return CreatedKey{}, err
	}
	key, token, err := s.Keys.Create(access.NewKey{Name: p.Name, Project: p.Project, Models: p.Models, ExpiresIn: expires})
	if err != nil {
		return CreatedKey{}, err
	}
	return CreatedKey{toKey(key), token}, nil
}

func (s *Service) revokeKey(_ context.Context, p KeyRef) (Key, error) {
	key, err := s.Keys.Revoke(p.Key)
	if err != nil {
		return Key{}, err
	}
	return toKey(key), nil
}

func (s *Service) credentialList(context.Context, Empty) (CredentialList, error) {
	list := CredentialList{Credentials: []Credential{}}
	known := map[string]credential.Info{}
	for _, info := range s.Credentials.List() {
		known[info.Provider] = info
	}
	for _, p := range s.Providers().Sorted() {
		list.Credentials = append(list.Credentials, s.credentialView(p, known[p.ID]))
	}
	return list, nil
}

func (s *Service) credentialView(p *provider.Provider, info credential.Info) Credential {
	view := Credential{
		Provider: p.ID, ProviderName: p.Name, BaseURL: p.BaseURL, KeysURL: p.KeysURL,
		Source: string(info.Source), Variable: info.Variable,
	}
	if p.Credential == provider.NeedsNone {
		view.Source, view.BaseURL = string(credential.NotNeeded), ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if test, ok := s.tests[p.ID]; ok {
		view.Test = &test
	}
	return view
}

func (s *Service) credentialOf(id provider.ID) (*provider.Provider, error) {
	p := s.Providers()[id]
	if p == nil {
		return nil, llm.Errorf(llm.ErrNotFound, "there is no provider %q; `gatehouse credential list` lists them", id)
	}
	if p.Credential == provider.NeedsNone {
		return nil, llm.Errorf(llm.ErrBadRequest, "%s takes no credential", p.Name)
	}
	return p, nil
}

// viewOf gives a provider's credential as it is after a change.
func (s *Service) viewOf(p *provider.Provider) Credential {
	for _, info := range s.Credentials.List() {
		if info.Provider == p.ID {
			return s.credentialView(p, info)
		}
	}
	return s.credentialView(p, credential.Info{Provider: p.ID, Source: credential.None})
}

func (s *Service) setCredential(ctx context.Context, c CredentialSecret) (Credential, error) {
	p, err := s.credentialOf(c.Provider)
	if err != nil {
		return Credential{}, err
	}
	if err := s.Credentials.Set(ctx, p.ID, c.Secret); err != nil {
		return Credential{}, err
	}
	s.dropTest(p.ID)
	return s.viewOf(p), nil
}

func (s *Service) removeCredential(ctx context.Context, r ProviderRef) (Credential, error) {
	p, err := s.credentialOf(r.Provider)
	if err != nil {
		return Credential{}, err
	}
	if err := s.Credentials.Remove(ctx, p.ID); err != nil {
		return Credential{}, err
	}
	s.dropTest(p.ID)
	return s.viewOf(p), nil
}

func (s *Service) dropTest(id provider.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tests, id)
}

// testCredential asks the provider whether it takes the credential, by a request that costs nothing.
func (s *Service) testCredential(ctx context.Context, r ProviderRef) (CredentialTest, error) {
	p := s.Providers()[r.Provider]
	if p == nil {
		return CredentialTest{}, llm.Errorf(llm.ErrNotFound, "there is no provider %q; `gatehouse credential list` lists them", r.Provider)
	}
	secret := ""
	if p.Credential != provider.NeedsNone {
		c, err := s.Credentials.Lookup(ctx, p.ID)
		if err != nil {
			return CredentialTest{}, err
		}
		secret = c.Secret
	}
	start := s.Now()
	err := s.Checker.Check(ctx, p, secret)
	if ctx.Err() != nil {
		return CredentialTest{}, llm.AsError(ctx.Err())
	}
	test := CredentialTest{
		OK: err == nil, At: start, Status: http.StatusOK, DurationMs: s.Now().Sub(start).Milliseconds(),
		Message: p.Name + " accepts it",
	}
	if e := llm.AsError(err); e != nil {
		test.Status, test.Message = e.HTTPStatus(), s.Credentials.Redact(e.Message)
		if e.Code == "upstream_unreachable" {
			test.Status = 0
		}
	}
	s.mu.Lock()
	s.tests[p.ID] = test
	s.mu.Unlock()
	s.Broker.PublishEnd(credential.EventType, struct{}{})
	return test, nil
}
