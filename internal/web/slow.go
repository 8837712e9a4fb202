package web

import (
	"net/http"
	"time"
)

// BodyWithin gives the body of each request so long to arrive, from when its
// handler begins, and for what the handler leaves unread too: without it a
// client that sends drop by drop holds its connection for as long as it likes.
// It is for small bodies, as a form is, and not for streams. A listener that
// bounds bodies itself is told of the limit: of two who set the connection's
// deadline the one would undo what the other did.
func BodyWithin(limit time.Duration, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		end := time.Now().Add(limit)
		if bounded, ok := r.Body.(interface{ Until(end time.Time) }); ok {
			bounded.Until(end)
		} else {
			// Only a writer that has no connection can refuse, and then nobody waits.
			_ = http.NewResponseController(w).SetReadDeadline(end)
		}
		next.ServeHTTP(w, r)
	})
}

// bodyArrived takes the limit off: a read of net/http's that watches for the
// client's going away must not run into it.
func bodyArrived(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
}
