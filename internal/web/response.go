package web

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// response remembers whether a byte of the answer is out. Everything that
// can send one passes through it; the rest is reached by Unwrap, as
// http.ResponseController does.
type response struct {
	http.ResponseWriter
	started bool
}

// Unwrap is for http.ResponseController.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *response) WriteHeader(status int) {
	// 1xx answers (RFC 9110 §15.2) come before the real one.
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.started = true
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(p []byte) (int, error) {
	w.started = true
	return w.ResponseWriter.Write(p)
}

// ReadFrom keeps net/http's own way of copying a body.
func (w *response) ReadFrom(src io.Reader) (int64, error) {
	w.started = true
	return io.Copy(w.ResponseWriter, src)
}

// FlushError sends what is buffered, the headers at least.
func (w *response) FlushError() error {
	w.started = true
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Flush is FlushError for callers that ask for an http.Flusher.
func (w *response) Flush() { _ = w.FlushError() }

// Hijack hands the connection over; nothing can be answered on it afterwards.
func (w *response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		w.started = true
	}
	return conn, buffered, err
}
