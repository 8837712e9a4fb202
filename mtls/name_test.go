package mtls_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"gatehouse.example/mtls"
)

func TestSubjectDNIsWrittenByRFC4514(t *testing.T) {
	for _, c := range []struct {
		name, want string
		subject    []byte
	}{
		{"last RDN first", `CN=robot,O=Acme,C=DE`, der(t, rdn(val(oidC, "DE")), rdn(val(oidO, "Acme")), rdn(val(oidCN, "robot")))},
		{"multi-valued", `CN=a+OU=b`, der(t, rdn(val(oidCN, "a"), val(oidOU, "b")))},
		{"specials", `O=Acme\, Inc. \+ \"Sons\" \<x\>\; a\\b=c`, der(t, rdn(val(oidO, `Acme, Inc. + "Sons" <x>; a\b=c`)))},
		{"spaces at the ends", `CN=\ a b\ `, der(t, rdn(val(oidCN, " a b ")))},
		{"one space", `CN=\ `, der(t, rdn(val(oidCN, " ")))},
		{"number sign", `CN=\#a#`, der(t, rdn(val(oidCN, "#a#")))},
		{"not ASCII", `CN=Lu\C4\8Di\C4\87`, der(t, rdn(val(oidCN, "Lučić")))},
		{"line breaks cannot reach a header", `CN=a\0D\0Ab\00`, der(t, rdn(val(oidCN, "a\r\nb\x00")))},
		{"type without a short name", `2.5.4.97=#1303505344`, der(t, rdn(val(oidOrgID, "PSD")))},
		{"value that is not text", `1.3.6.1.4.1.99999.1=#020105`, der(t, rdn(val(oidOwn, 5)))},
		{"no name at all", ``, der(t)},
		{"not a name", ``, []byte{0x30, 0x80}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := mtls.RenderName(c.subject)
			if got != c.want {
				t.Errorf("written as %q, want %q", got, c.want)
			}
			if c.want != "" && !mtls.SameName(got, c.subject) {
				t.Error("what was written does not name the subject")
			}
		})
	}
}

// FuzzSubjectDN checks that every string that is read as a name is written as
// the same name, in printable ASCII.
func FuzzSubjectDN(f *testing.F) {
	for _, s := range []string{
		`CN=Payments Robot,O=Acme\, Inc.,C=DE`,
		`OU=Sales+CN=J. Smith,DC=example,DC=net`,
		`1.3.6.1.4.1.1466.0=#04024869`,
		`CN=Before\0DAfter\ `,
		`SN=Lu\C4\8Di\C4\87`,
		`2.5.4.97=PSDDE-BAFIN-123456`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		written, same, err := mtls.RewriteName(s)
		if err != nil {
			return
		}
		if !same {
			t.Errorf("%q was written as %q, which is another name", s, written)
		}
		if strings.ContainsFunc(written, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("%q was written with characters outside printable ASCII", s)
		}
	})
}

// FuzzNameDER checks that every encoded name is written as a string that
// names it.
func FuzzNameDER(f *testing.F) {
	for _, h := range []string{
		"300e310c300a06035504030c03747070",
		"301a310b3009060355040613024445310b300906035504030c02c389",
		"300f310d300b06035504611e0400500053",
	} {
		raw, err := hex.DecodeString(h)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		written := mtls.RenderName(raw)
		if written != "" && !mtls.SameName(written, raw) {
			t.Errorf("%x was written as %q, which is another name", raw, written)
		}
	})
}
