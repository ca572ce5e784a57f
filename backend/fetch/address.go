package fetch

import "net/netip"

// local are this machine's addresses and those of private networks, besides what net/netip knows as such.
var local = prefixes(
	"0.0.0.0/8",     // this network (RFC 791)
	"100.64.0.0/10", // carrier-grade NAT (RFC 6598)
	"198.18.0.0/15", // benchmarks (RFC 2544)
	"fec0::/10",     // site-local (RFC 3879)
)

// never are addresses that are no host's, or that lead past the check: documentation, reserved, translated.
var never = prefixes(
	"192.0.0.0/24", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "192.88.99.0/24", "240.0.0.0/4",
	"::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16",
)

func prefixes(all ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(all))
	for i, p := range all {
		out[i] = netip.MustParsePrefix(p)
	}
	return out
}

func in(ip netip.Addr, all []netip.Prefix) bool {
	for _, p := range all {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

// Addresses of IPv6 that hold one of IPv4, and where.
var (
	nat64     = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052
	sixToFour = netip.MustParsePrefix("2002::/16")    // RFC 3056
)

// allowed tells whether an address may be dialled. Link-local ones never may: clouds keep their machines' credentials
// there.
func allowed(ip netip.Addr, private bool) bool {
	b := ip.As16()
	switch {
	case ip.Is6() && nat64.Contains(ip):
		return allowed(netip.AddrFrom4([4]byte(b[12:])), private)
	case ip.Is6() && sixToFour.Contains(ip):
		return allowed(netip.AddrFrom4([4]byte(b[2:6])), private)
	case !ip.IsValid(), ip.IsUnspecified(), ip.IsMulticast(), ip.IsLinkLocalUnicast():
		return false
	case ip.IsLoopback(), ip.IsPrivate(), in(ip, local):
		return private
	case in(ip, never):
		return false
	}
	return ip.IsGlobalUnicast()
}
