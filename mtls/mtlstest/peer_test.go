package mtlstest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"gatehouse.example/mtls/mtlstest"
)

func TestPeerInsideFakeTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		root := mtlstest.NewAuthority(t)
		deep := root.Intermediate(t).Intermediate(t).Client(t, "acme")
		cert, err := mtlstest.Peer(t, deep, root.Bundle(t)).Certificate(time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if cert.SubjectDN() != "CN=acme" || !cert.Verified() {
			t.Errorf("subject %s, verified %v", cert.SubjectDN(), cert.Verified())
		}
	})
}
