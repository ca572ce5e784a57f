package settings

import (
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"gatehouse/backend/llm"
)

// Credentials is how a provider's credentials are used.
type Credentials struct {
	Balance string                `json:"balance,omitempty" doc:"How several credentials share requests: in-order (the first that works, which is what is done if this is left out), weighted, least-busy, or latency (the fastest)." enum:"in-order,weighted,least-busy,latency"`
	Order   []string              `json:"order,omitempty" doc:"The credentials' names in the order in which to try them; those left out follow. The one without a name is called default."`
	Named   map[string]Credential `json:"named,omitempty" doc:"The credentials by name. The one without a name is called default."`
	EnvFile string                `json:"envFile,omitempty" doc:"The full path of an .env file in which the provider's environment variables are looked up too, for example the .env.local of a linked Vercel project, with its VERCEL_OIDC_TOKEN. It is read again when it changes."`
}

// Credential is how one credential is used. Its secret is in the keychain, or in the environment.
type Credential struct {
	Weight            int   `json:"weight,omitempty" doc:"Its share of the requests where they are weighted, relative to the others' weights; 1 if left out."`
	ZeroDataRetention bool  `json:"zeroDataRetention,omitempty" doc:"Whether the provider keeps nothing of requests with this credential, by an agreement of yours."`
	GatewayFallback   *bool `json:"gatewayFallback,omitempty" doc:"Whether the hosted gateway may answer where this credential fails. It may, unless this is false."`
}

// DefaultCredential is what a provider's credential without a name is called.
const DefaultCredential = "default"

var credentialName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

var balances = []string{"in-order", "weighted", "least-busy", "latency"}

// maxWeight bounds weights, as in checkVirtual.
const maxWeight = 1_000_000

// CheckCredentialName refuses what can't be a credential's name.
func CheckCredentialName(name string) error {
	if !credentialName.MatchString(name) {
		return llm.Errorf(llm.ErrBadRequest, "%.80q can't be a credential's name: use small letters, digits, '.', '_' and '-'", name).
			WithCode("credential_name_invalid")
	}
	return nil
}

func checkCredentials(at []string, id string, s *Settings, known []string) *valueError {
	if _, own := s.Providers[id]; !own && known != nil && !slices.Contains(known, id) {
		return valueErrorf(at, "there is no provider %q%s", id, suggest(id, known))
	}
	c := s.Credentials[id]
	if c.Balance != "" && !slices.Contains(balances, c.Balance) {
		return valueErrorf(join(at, "balance"), "%q is unknown%s", c.Balance, suggest(c.Balance, balances))
	}
	if c.EnvFile != "" && !filepath.IsAbs(c.EnvFile) {
		return valueErrorf(join(at, "envFile"), "write the file's full path, for example /srv/site/.env.local")
	}
	for _, name := range sortedKeys(c.Named) {
		here := append(join(at, "named"), name)
		if err := CheckCredentialName(name); err != nil {
			return valueErrorf(here, "%s", llm.AsError(err).Message)
		}
		if w := c.Named[name].Weight; w < 0 || w > maxWeight {
			return valueErrorf(append(here, "weight"), "%d is outside 0 to %d", w, maxWeight)
		}
	}
	for i, name := range c.Order {
		here := append(join(at, "order"), strconv.Itoa(i))
		if _, ok := c.Named[name]; !ok && name != DefaultCredential {
			return valueErrorf(here, "%s has no credential %.80q: add it with `gatehouse credential set %s --name NAME`, "+
				"or under \"named\"", id, name, id)
		}
		if slices.Index(c.Order, name) != i {
			return valueErrorf(here, "%q is there twice", name)
		}
	}
	return nil
}

// Names gives the names of a provider's credentials in the order in which to try them, DefaultCredential among them.
func (c Credentials) Names() []string {
	names := slices.Clone(c.Order)
	for _, name := range append([]string{DefaultCredential}, sortedKeys(c.Named)...) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
