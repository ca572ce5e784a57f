package control

import (
	"context"
	"net/http"
	"slices"

	"gatehouse/backend/credential"
	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
	"gatehouse/backend/settings"
)

func (s *Service) credentialList(context.Context, Empty) (CredentialList, error) {
	fallback := s.Settings.Snapshot().GatewayFallback
	list := CredentialList{Credentials: []Credential{}, GatewayFallback: fallback == nil || *fallback}
	known := map[string][]credential.Info{}
	for _, info := range s.Credentials.List() {
		known[info.Provider] = append(known[info.Provider], info)
	}
	for _, p := range s.Providers().Sorted() {
		if len(known[p.ID]) == 0 {
			list.Credentials = append(list.Credentials, s.credentialView(p, credential.Info{}))
		}
		for _, info := range known[p.ID] {
			list.Credentials = append(list.Credentials, s.credentialView(p, info))
		}
	}
	list.Collector = s.collectorView()
	return list, nil
}

func (s *Service) credentialView(p *provider.Provider, info credential.Info) Credential {
	view := Credential{
		Provider: p.ID, ProviderName: p.Name, Name: info.Name, BaseURL: p.BaseURL, KeysURL: p.KeysURL,
		Source: string(info.Source), Variable: info.Variable, File: info.File, Balance: s.balanceOf(p, info),
	}
	if !info.Expires.IsZero() {
		view.ExpiresAt = &info.Expires
	}
	switch {
	case p.Credential == provider.NeedsNone:
		view.Source, view.BaseURL = string(credential.NotNeeded), ""
	case p == collector && info.Source == credential.NotNeeded: // that is not known
		view.Source = string(credential.None)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if test, ok := s.tests[CredentialRef{p.ID, info.Name}]; ok {
		view.Test = &test
	}
	return view
}

// credentialOf finds the provider that a reference names, and gives the reference as it is kept.
func (s *Service) credentialOf(r CredentialRef) (*provider.Provider, CredentialRef, error) {
	p := s.Providers()[r.Provider]
	if r.Provider == collector.ID {
		p = collector
	}
	if p == nil {
		return nil, r, llm.Errorf(llm.ErrNotFound, "there is no provider %q; `gatehouse credential list` lists them", r.Provider)
	}
	if r.Name == settings.DefaultCredential {
		r.Name = ""
	}
	if r.Name != "" {
		if err := settings.CheckCredentialName(r.Name); err != nil {
			return nil, r, err
		}
		if p == collector {
			return nil, r, llm.Errorf(llm.ErrBadRequest, "the collectors have one secret, without a name")
		}
	}
	return p, r, nil
}

func takesNone(p *provider.Provider) error {
	if p.Credential == provider.NeedsNone {
		return llm.Errorf(llm.ErrBadRequest, "%s takes no credential", p.Name)
	}
	return nil
}

// viewOf gives a credential as it is after a change.
func (s *Service) viewOf(p *provider.Provider, name string) Credential {
	for _, info := range s.Credentials.List() {
		if info.Provider == p.ID && info.Name == name {
			return s.credentialView(p, info)
		}
	}
	return s.credentialView(p, credential.Info{Provider: p.ID, Name: name, Source: credential.None})
}

func (s *Service) setCredential(ctx context.Context, c CredentialSecret) (Credential, error) {
	p, ref, err := s.credentialOf(CredentialRef{c.Provider, c.Name})
	if err == nil {
		err = takesNone(p)
	}
	if err == nil { // what settings can't say must not be kept
		err = s.checkSettings(ref, c.GatewayFallback)
	}
	if err != nil {
		return Credential{}, err
	}
	if err := s.Credentials.Set(ctx, p.ID, ref.Name, c.Secret); err != nil {
		return Credential{}, err
	}
	s.dropTest(ref)
	if ref.Name != "" || c.GatewayFallback != nil {
		err = s.Settings.Modify(func(set *settings.Settings) error {
			noteCredential(set, ref, c.GatewayFallback)
			return nil
		})
	}
	return s.viewOf(p, ref.Name), err
}

// checkSettings refuses a change that settings would have to hold while their file has a mistake.
func (s *Service) checkSettings(ref CredentialRef, fallback *bool) error {
	if problem := s.Settings.Problem(); problem != nil && (ref.Name != "" || fallback != nil) {
		return llm.Errorf(llm.ErrBadRequest, "the settings file %s has a mistake, and has to hold the credential's name and use: "+
			"correct it first (%s)", s.Settings.Path(), problem).WithCode("settings_broken")
	}
	return nil
}

// noteCredential writes into settings what they hold of a credential: that it is there, and whether the hosted gateway may
// take over.
func noteCredential(set *settings.Settings, ref CredentialRef, fallback *bool) {
	hosted := ref.Provider == provider.Gateway
	if hosted && fallback != nil {
		set.GatewayFallback = fallback
	}
	if ref.Name == "" && (hosted || fallback == nil) {
		return
	}
	name := ref.Name
	if name == "" {
		name = settings.DefaultCredential
	}
	of := set.Credentials[ref.Provider]
	c := of.Named[name]
	if !hosted && fallback != nil {
		c.GatewayFallback = fallback
	}
	if of.Named == nil {
		of.Named = map[string]settings.Credential{}
	}
	of.Named[name] = c
	if set.Credentials == nil {
		set.Credentials = map[string]settings.Credentials{}
	}
	set.Credentials[ref.Provider] = of
}

func (s *Service) removeCredential(ctx context.Context, r CredentialRef) (Credential, error) {
	p, ref, err := s.credentialOf(r)
	if err == nil {
		err = takesNone(p)
	}
	if err == nil {
		err = s.checkSettings(ref, nil)
	}
	if err != nil {
		return Credential{}, err
	}
	err = s.Credentials.Remove(ctx, p.ID, ref.Name)
	_, listed := s.Settings.Snapshot().Credentials[p.ID].Named[ref.Name]
	if err != nil && (!listed || llm.AsError(err).Kind != llm.ErrNotFound) {
		return Credential{}, err // one that is only listed is taken off the list
	}
	s.dropTest(ref)
	if listed {
		err = s.Settings.Modify(func(set *settings.Settings) error {
			of := set.Credentials[p.ID]
			delete(of.Named, ref.Name)
			of.Order = slices.DeleteFunc(of.Order, func(name string) bool { return name == ref.Name })
			set.Credentials[p.ID] = of
			return nil
		})
		if err != nil {
			return Credential{}, err
		}
	}
	return s.viewOf(p, ref.Name), nil
}

func (s *Service) dropTest(ref CredentialRef) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tests, ref)
}

// testCredential asks the provider whether it takes the credential, by a request that costs nothing.
func (s *Service) testCredential(ctx context.Context, r CredentialRef) (CredentialTest, error) {
	p, ref, err := s.credentialOf(r)
	if err != nil {
		return CredentialTest{}, err
	}
	secret := ""
	if p.Credential != provider.NeedsNone {
		c, err := s.Credentials.LookupNamed(ctx, p.ID, ref.Name)
		if err != nil {
			return CredentialTest{}, err
		}
		secret = c.Secret
	}
	start := s.Now()
	err = s.check(ctx, p, secret)
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
	if test.OK && p != collector { // what was held against it is not so any more
		s.Health.Changed(p.ID)
	}
	s.mu.Lock()
	s.tests[ref] = test
	s.mu.Unlock()
	s.Broker.PublishEnd(credential.EventType, struct{}{})
	return test, nil
}
