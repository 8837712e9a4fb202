package proxy

// Stripped tells whether a client may not send the header.
var Stripped = stripped
