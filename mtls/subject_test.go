package mtls_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"net"
	"net/url"
	"strings"
	"testing"

	"gatehouse.example/mtls"
	"gatehouse.example/mtls/mtlstest"
)

type attr = pkix.AttributeTypeAndValue

var (
	oidCN    = asn1.ObjectIdentifier{2, 5, 4, 3}
	oidO     = asn1.ObjectIdentifier{2, 5, 4, 10}
	oidOU    = asn1.ObjectIdentifier{2, 5, 4, 11}
	oidC     = asn1.ObjectIdentifier{2, 5, 4, 6}
	oidOrgID = asn1.ObjectIdentifier{2, 5, 4, 97}
	oidOwn   = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1}
)

// der encodes a name, the most general RDN first.
func der(t testing.TB, rdns ...pkix.RelativeDistinguishedNameSET) []byte {
	t.Helper()
	raw, err := asn1.Marshal(pkix.RDNSequence(rdns))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func val(oid asn1.ObjectIdentifier, v any) attr { return attr{Type: oid, Value: v} }

func rdn(attrs ...attr) pkix.RelativeDistinguishedNameSET { return attrs }

// bmp is a BMPString value of ASCII text.
func bmp(s string) asn1.RawValue {
	var b []byte
	for i := range len(s) {
		b = append(b, 0, s[i])
	}
	return asn1.RawValue{Tag: asn1.TagBMPString, Bytes: b}
}

func TestProof_AS13_SubjectDNComparedAsRDNSequences(t *testing.T) {
	plain := der(t, rdn(val(oidC, "DE")), rdn(val(oidO, "Acme, Inc.")), rdn(val(oidCN, "Payments  Robot")))
	multi := der(t, rdn(val(oidO, "Acme")), rdn(val(oidCN, "a"), val(oidOU, "b")))
	orgID := der(t, rdn(val(oidOrgID, "PSDDE-BAFIN-123456")), rdn(val(oidCN, "tpp")))
	own := der(t, rdn(val(oidOwn, "Exact")))
	for _, c := range []struct {
		name, registered string
		subject          []byte
		want             bool
	}{
		{"AS13 as written", `CN=Payments Robot,O=Acme\, Inc.,C=DE`, plain, true},
		{"AS13 other escape, case and spaces", `cn=PAYMENTS   robot , o=acme\2C inc., c=de`, plain, true},
		{"AS13 long names and OIDs", `commonName=payments robot,2.5.4.10=Acme\, Inc.,OID.2.5.4.6=DE`, plain, true},
		{"AS13 value in DER", `CN=#0C0E5061796D656E747320526F626F74,O=Acme\, Inc.,C=DE`, plain, true},
		{"AS13 other order of RDNs", `C=DE,O=Acme\, Inc.,CN=Payments Robot`, plain, false},
		{"AS13 one RDN less", `O=Acme\, Inc.,C=DE`, plain, false},
		{"AS13 one RDN more", `CN=Payments Robot,O=Acme\, Inc.,C=DE,DC=x`, plain, false},
		{"AS13 same text under another type", `OU=Payments Robot,O=Acme\, Inc.,C=DE`, plain, false},
		{"AS13 RDNs joined by an escaped comma", `CN=Payments Robot\,O=Acme\, Inc.,C=DE`, plain, false},
		{"AS13 multi-valued", `CN=a+OU=b,O=Acme`, multi, true},
		{"AS13 multi-valued in another order", `OU=b+CN=a,O=Acme`, multi, true},
		{"AS13 multi-valued is not two RDNs", `CN=a,OU=b,O=Acme`, multi, false},
		{"AS13 multi-valued is not one value twice", `CN=a+CN=a,O=Acme`, multi, false},
		{"AS13 organizationIdentifier by OID", `CN=tpp,2.5.4.97=PSDDE-BAFIN-123456`, orgID, true},
		{"AS13 organizationIdentifier by OID in DER", `CN=tpp,2.5.4.97=#0C1250534444452D424146494E2D313233343536`, orgID, true},
		{"AS13 organizationIdentifier by name", `CN=tpp,organizationIdentifier=PSDDE-BAFIN-123456`, orgID, true},
		{"AS13 organizationIdentifier of another", `CN=tpp,2.5.4.97=PSDDE-BAFIN-123457`, orgID, false},
		{"AS13 unknown type exact", `1.3.6.1.4.1.99999.1=Exact`, own, true},
		{"AS13 unknown type is compared with case", `1.3.6.1.4.1.99999.1=exact`, own, false},
		{"AS13 string types are alike", `CN=tpp`, der(t, rdn(val(oidCN, bmp("TPP")))), true},
		{"AS13 letters beyond ASCII in another case", `CN=MÜLLER`, der(t, rdn(val(oidCN, "müller"))), true},
		{"AS13 a KELVIN SIGN is no k", `CN=bank`, der(t, rdn(val(oidCN, "ban\u212a"))), false},
		{"AS13 a long s is no s", `CN=acme pos`, der(t, rdn(val(oidCN, "acme po\u017f"))), false},
		{"AS13 a NO-BREAK SPACE is no space", `CN=acme pos`, der(t, rdn(val(oidCN, "acme\u00a0pos"))), false},
		{"AS13 a line break is no space", `CN=acme pos`, der(t, rdn(val(oidCN, "acme\npos"))), false},
		{"AS13 NUL is not passed over", `CN=tpp`, der(t, rdn(val(oidCN, bmp("tpp\x00")))), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			cert := presentedBy(t, func(tmpl *x509.Certificate) { tmpl.RawSubject = c.subject })
			s, err := mtls.ParseSubject("tls_client_auth_subject_dn", c.registered)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Matches(cert); got != c.want {
				t.Errorf("%q against %q: %v", c.registered, cert.SubjectDN(), got)
			}
		})
	}
}

// crypto/x509 reads no certificate with a value that is not text, so these are
// compared without one.
func TestProof_AS13_ValuesThatAreNotText(t *testing.T) {
	number := der(t, rdn(val(oidOwn, 5)))
	for _, c := range []struct {
		name, registered string
		want             bool
	}{
		{"AS13 same number", `1.3.6.1.4.1.99999.1=#020105`, true},
		{"AS13 other number", `1.3.6.1.4.1.99999.1=#020106`, false},
		{"AS13 digits are not a number", `1.3.6.1.4.1.99999.1=5`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := mtls.SameName(c.registered, number); got != c.want {
				t.Errorf("%q: %v", c.registered, got)
			}
		})
	}
}

func presentedBy(t testing.TB, edit func(*x509.Certificate)) mtls.Certificate {
	t.Helper()
	root := mtlstest.NewAuthority(t)
	cert, err := mtlstest.Peer(t, root.ClientWith(t, edit), root.Bundle(t)).Certificate(now)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func TestProof_AS13_AlternativeNames(t *testing.T) {
	spiffe, err := url.Parse("spiffe://bank.example/partner/Acme")
	if err != nil {
		t.Fatal(err)
	}
	cert := presentedBy(t, func(c *x509.Certificate) {
		c.DNSNames = []string{"first.example", "Client.Partner.example"}
		c.URIs = []*url.URL{spiffe}
		c.IPAddresses = []net.IP{net.ParseIP("192.0.2.7"), net.ParseIP("2001:db8::1")}
		c.EmailAddresses = []string{"Ops@Partner.example"}
	})
	bare := presentedBy(t, func(c *x509.Certificate) { c.Subject.CommonName = "client.partner.example" })
	for _, c := range []struct {
		name, field, value string
		want               bool
	}{
		{"AS13 dns", "san_dns", "client.partner.example", true},
		{"AS13 dns of a parent", "san_dns", "partner.example", false},
		{"AS13 dns is not an e-mail address's host", "san_dns", "ops.partner.example", false},
		{"AS13 uri", "san_uri", "spiffe://bank.example/partner/Acme", true},
		{"AS13 uri is compared with case", "san_uri", "spiffe://bank.example/partner/acme", false},
		{"AS13 ip", "san_ip", "192.0.2.7", true},
		{"AS13 ip version 6 written long", "san_ip", "2001:0db8:0:0:0:0:0:1", true},
		{"AS13 ip of another", "san_ip", "192.0.2.8", false},
		{"AS13 ip version 4 in 6", "san_ip", "::ffff:192.0.2.7", false},
		{"AS13 email", "san_email", "Ops@partner.EXAMPLE", true},
		{"AS13 email local part is compared with case", "san_email", "ops@partner.example", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := mtls.ParseSubject("tls_client_auth_"+c.field, c.value)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Matches(cert); got != c.want {
				t.Errorf("%s: %v", s, got)
			}
			if s.Matches(bare) {
				t.Error("a certificate without alternative names matches")
			}
		})
	}
}

func TestProof_AS13_BadRegistrationsAreRefused(t *testing.T) {
	for _, c := range []struct{ name, field, value, want string }{
		{"AS13 unknown field", "subject", "CN=a", "must be one of"},
		{"AS13 empty", "tls_client_auth_subject_dn", "", "from 1 to"},
		{"AS13 giant", "tls_client_auth_subject_dn", "CN=" + strings.Repeat("a", 5000), "from 1 to"},
		{"AS13 no attribute", "tls_client_auth_subject_dn", "partner", "CN=value is expected"},
		{"AS13 slashes", "tls_client_auth_subject_dn", "/CN=partner/O=Acme", "not known"},
		{"AS13 unknown type", "tls_client_auth_subject_dn", "PARTNERID=7", "write its OID"},
		{"AS13 bad OID", "tls_client_auth_subject_dn", "2.05.4=7", "write its OID"},
		{"AS13 quoted value", "tls_client_auth_subject_dn", `O="Acme, Inc."`, "must be escaped"},
		{"AS13 semicolon", "tls_client_auth_subject_dn", "CN=a;O=b", "must be escaped"},
		{"AS13 trailing comma", "tls_client_auth_subject_dn", "CN=a,", "is expected"},
		{"AS13 lone backslash", "tls_client_auth_subject_dn", `CN=a\`, "backslash"},
		{"AS13 escaped letter", "tls_client_auth_subject_dn", `CN=a\xyz`, "backslash"},
		{"AS13 odd hexadecimal", "tls_client_auth_subject_dn", "CN=#0", "hexadecimal"},
		{"AS13 not DER", "tls_client_auth_subject_dn", "CN=#FFFF", "one DER value"},
		{"AS13 escaped bytes", "tls_client_auth_subject_dn", `CN=\FF`, "UTF-8"},
		{"AS13 raw bytes", "tls_client_auth_subject_dn", "CN=\xff", "UTF-8"},
		{"AS13 wildcard", "tls_client_auth_san_dns", "*.partner.example", "no wildcard"},
		{"AS13 long DNS name", "tls_client_auth_san_dns", strings.Repeat("a.", 200) + "a", "253"},
		{"AS13 relative URI", "tls_client_auth_san_uri", "/partner", "absolute"},
		{"AS13 not an address", "tls_client_auth_san_ip", "192.0.2.0/24", "address"},
		{"AS13 zone", "tls_client_auth_san_ip", "fe80::1%eth0", "zone"},
		{"AS13 not a mailbox", "tls_client_auth_san_email", "partner.example", "mail address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := mtls.ParseSubject(c.field, c.value)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v does not say %q", err, c.want)
			}
			if s.Present() {
				t.Error("a subject came with the error")
			}
		})
	}
}

func TestProof_AS13_ZeroSubjectMatchesNothing(t *testing.T) {
	var none mtls.Subject
	if none.Present() || none.Matches(presentedBy(t, func(*x509.Certificate) {})) {
		t.Error("the zero subject matches a certificate")
	}
	s, err := mtls.ParseSubject("tls_client_auth_subject_dn", "CN=a")
	if err != nil {
		t.Fatal(err)
	}
	if s.Matches(mtls.Certificate{}) {
		t.Error("a subject matches the absence of a certificate")
	}
}
