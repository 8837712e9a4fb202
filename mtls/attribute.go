package mtls

import "strings"

// attributeType is what we know of a type of attribute in a name.
type attributeType struct {
	oid   string
	names []string // accepted in an RFC 4514 string, in any case
	// short is written in an RFC 4514 string: the names of RFC 4514 §3 and
	// those that RFC 4519 registered. "" means that the OID is written.
	short string
}

// attributeTypes are the types whose values are compared without regard to
// case and to the amount of space between words (X.520: caseIgnoreMatch and
// caseIgnoreIA5Match). Values of every other type are compared exactly.
var attributeTypes = []attributeType{
	{"2.5.4.3", []string{"CN", "commonName"}, "CN"},
	{"2.5.4.4", []string{"SN", "surname"}, "SN"},
	{"2.5.4.5", []string{"serialNumber"}, "serialNumber"},
	{"2.5.4.6", []string{"C", "countryName"}, "C"},
	{"2.5.4.7", []string{"L", "localityName"}, "L"},
	{"2.5.4.8", []string{"ST", "stateOrProvinceName"}, "ST"},
	{"2.5.4.9", []string{"STREET", "streetAddress"}, "STREET"},
	{"2.5.4.10", []string{"O", "organizationName"}, "O"},
	{"2.5.4.11", []string{"OU", "organizationalUnitName"}, "OU"},
	{"2.5.4.12", []string{"title"}, "title"},
	{"2.5.4.15", []string{"businessCategory"}, "businessCategory"},
	{"2.5.4.17", []string{"postalCode"}, "postalCode"},
	{"2.5.4.41", []string{"name"}, "name"},
	{"2.5.4.42", []string{"givenName", "GN"}, "givenName"},
	{"2.5.4.43", []string{"initials"}, "initials"},
	{"2.5.4.44", []string{"generationQualifier"}, "generationQualifier"},
	{"2.5.4.46", []string{"dnQualifier"}, "dnQualifier"},
	{"2.5.4.65", []string{"pseudonym"}, ""},
	{"2.5.4.97", []string{"organizationIdentifier"}, ""}, // eIDAS and PSD2 certificates
	{"0.9.2342.19200300.100.1.1", []string{"UID", "userId"}, "UID"},
	{"0.9.2342.19200300.100.1.25", []string{"DC", "domainComponent"}, "DC"},
	{"1.2.840.113549.1.9.1", []string{"emailAddress", "E"}, ""},
	{"1.3.6.1.4.1.311.60.2.1.1", []string{"jurisdictionL", "jurisdictionLocalityName"}, ""},
	{"1.3.6.1.4.1.311.60.2.1.2", []string{"jurisdictionST", "jurisdictionStateOrProvinceName"}, ""},
	{"1.3.6.1.4.1.311.60.2.1.3", []string{"jurisdictionC", "jurisdictionCountryName"}, ""},
}

var typesByOID, typesByName = indexTypes(attributeTypes)

// indexTypes gives the types by OID, and by each lower-case name.
func indexTypes(types []attributeType) (byOID, byName map[string]*attributeType) {
	byOID, byName = map[string]*attributeType{}, map[string]*attributeType{}
	for i := range types {
		t := &types[i]
		byOID[t.oid] = t
		for _, n := range t.names {
			byName[strings.ToLower(n)] = t
		}
	}
	return byOID, byName
}

// typeOID finds the OID of an attribute type as written: a known name, or an
// OID in dotted decimals, which may follow "OID." as RFC 2253 §4 has it.
func typeOID(written string) (string, bool) {
	if t, ok := typesByName[strings.ToLower(written)]; ok {
		return t.oid, true
	}
	if len(written) > 4 && strings.EqualFold(written[:4], "OID.") {
		written = written[4:]
	}
	return written, isOID(written)
}

// isOID checks a numericoid (RFC 4512 §1.4): numbers without leading zeros.
func isOID(s string) bool {
	parts := strings.Split(s, ".")
	for _, p := range parts {
		if p == "" || len(p) > 1 && p[0] == '0' {
			return false
		}
		for i := range len(p) {
			if p[i] < '0' || p[i] > '9' {
				return false
			}
		}
	}
	return len(parts) > 1
}
