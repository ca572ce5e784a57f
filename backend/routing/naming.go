package routing

import (
	"fmt"

	"gatehouse/backend/provider"
)

// of names a credential for people.
func (c Credential) of(p *provider.Provider) string {
	if c.Name == "" {
		return "the credential of " + p.Name
	}
	return fmt.Sprintf("the credential %q of %s", c.Name, p.Name)
}

// CredentialOf names an attempt's credential for people.
func (a Attempt) CredentialOf() string { return Credential{Name: a.Credential}.of(a.Provider) }

// CredentialRef is what an attempt's credential is called on the command line.
func (a Attempt) CredentialRef() string {
	if a.Credential == "" {
		return a.Provider.ID
	}
	return a.Provider.ID + " --name " + a.Credential
}

// WithheldNote ends a sentence on why nobody answered; it is empty where the hosted gateway was not kept from it.
func (d *Decision) WithheldNote() string {
	if d.Withheld == "" {
		return ""
	}
	return "; the hosted gateway did not answer instead: " + d.Withheld
}
