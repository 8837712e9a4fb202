package outbound

import (
	"fmt"
	"net/netip"
	"slices"
	"syscall"
)

// Blocks with a meaning of their own that netip has no predicate for (IANA's
// special-purpose address registries, RFC 6890).
var (
	// inside are ours or our provider's networks: allowed with AllowPrivate.
	inside = blocks(
		"100.64.0.0/10", // carrier-grade NAT
	)
	// never are no servers at all, or other addresses in disguise.
	never = blocks(
		"0.0.0.0/8",       // "this network": Linux connects it to itself
		"192.0.0.0/24",    // IETF protocol assignments
		"192.0.2.0/24",    // documentation
		"192.88.99.0/24",  // 6to4 relays
		"198.18.0.0/15",   // benchmarks
		"198.51.100.0/24", // documentation
		"203.0.113.0/24",  // documentation
		"240.0.0.0/4",     // reserved, and broadcast
		"2001::/23",       // IETF protocol assignments, Teredo among them
		"2001:db8::/32",   // documentation
		"2002::/16",       // 6to4: holds an IPv4 address
		"3fff::/20",       // documentation
	)
	globalIPv6 = netip.MustParsePrefix("2000::/3") // all that is given out so far
)

func blocks(prefixes ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(prefixes))
	for i, p := range prefixes {
		out[i] = netip.MustParsePrefix(p)
	}
	return out
}

func in(set []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(set, func(p netip.Prefix) bool { return p.Contains(a) })
}

// checkAddress refuses an address that no server of somebody else can have.
// Link-local addresses, where clouds keep their credentials, are refused even
// where private ones are allowed.
func checkAddress(a netip.Addr, allowPrivate bool) error {
	a = a.Unmap()
	switch {
	case a.Zone() != "" || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified() || in(never, a):
		return fmt.Errorf("address %s is not one that a server can have", a)
	case a.IsLoopback() || a.IsPrivate() || in(inside, a):
		if !allowPrivate {
			return fmt.Errorf("address %s is private, and private addresses are not allowed here", a)
		}
	case a.Is6() && !globalIPv6.Contains(a):
		return fmt.Errorf("address %s is not a global one", a)
	}
	return nil
}

// control judges the resolved address of a connection about to be opened; it
// is a net.Dialer's Control.
func control(allowPrivate bool) func(network, address string, _ syscall.RawConn) error {
	return func(network, address string, _ syscall.RawConn) error {
		if network != "tcp4" && network != "tcp6" {
			return fmt.Errorf("network %s is not TCP", network)
		}
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("address cannot be read: %w", err)
		}
		return checkAddress(to.Addr(), allowPrivate)
	}
}
